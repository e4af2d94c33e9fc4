"""Why a command cannot be carried out, told to the person at the terminal. It never crosses the wire."""


class CommandRefused(Exception):
    """The command cannot be carried out; the text says why and what to do."""
