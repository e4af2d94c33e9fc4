"""The cookies of a deployable: their names, and how they are set.

Over https they carry `Secure` and the prefix `__Host-` (RFC 6265bis, section 4.1.3). Cookies know no ports, so the name
says whose they are: several services of one machine do not take each other's for their own.
"""

from dataclasses import dataclass

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of one deployable."""

    owner: str
    secure: bool

    @property
    def session(self) -> str:
        """The name of the cookie with the session's token."""
        return self._named("session")

    @property
    def before(self) -> str:
        """The name of the cookie that a sign-in page is tied to."""
        return self._named("before")

    @property
    def attempt(self) -> str:
        """The name of the cookie that somebody has while she is at the identity provider."""
        return self._named("attempt")

    @property
    def language(self) -> str:
        """The name of the cookie with the language of the pages before anybody is signed in."""
        return self._named("language")

    def put(self, response: Response, name: str, value: str, *, lasts: int | None = None) -> None:
        """Set a cookie for `lasts` seconds, or for as long as the browser is open."""
        response.set_cookie(name, value, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _named(self, what: str) -> str:
        return f"{'__Host-' if self.secure else ''}mesh-{self.owner}-{what}"
