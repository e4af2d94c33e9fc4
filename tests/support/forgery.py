"""Making JWS that no honest party makes: any header, any payload, any key."""

import json
from collections.abc import Mapping
from typing import Any

from shared.kernel.encoding import b64url
from shared.seal.signing import SigningKey


def token(header: Any, payload: bytes | Mapping[str, Any], key: SigningKey) -> str:
    """Return a compact JWS with exactly this header and payload, signed with ES256 whatever the header says."""
    head = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signing_input = f"{b64url(head)}.{b64url(body)}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"


def detached(compact: str) -> str:
    """Return a compact JWS without its payload."""
    protected, _, signature = compact.split(".")
    return f"{protected}..{signature}"


def header(key: SigningKey, **changes: Any) -> dict[str, Any]:
    """Return the honest header of a message signature, with `changes`; a change to None takes the member away."""
    members = {"alg": "ES256", "kid": key.kid, "typ": "rm+jws", **changes}
    return {name: value for name, value in members.items() if value is not None}
