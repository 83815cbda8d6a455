"""How a check of a call says that AWS would not take it."""


class RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check(is_taken: bool, found: str, code: str = "ValidationException") -> None:
    """Raise RefusedError, with the service's code and what was found, if the service would not accept the call."""
    if not is_taken:
        raise RefusedError(code, f"not what this call takes: {found}")
