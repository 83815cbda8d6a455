"""`run --debug`: `breakpoint()` opens pdb in the worker's terminal, and debugpy lets an editor attach.

Only the thread of the call waits: this process keeps answering KCL, and the JVM renews the lease. With an editor's
breakpoint all threads wait; the JVM still renews the lease.
"""

from __future__ import annotations

import importlib.util
import os
import pdb
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

log = Log("worker.debugging")

_READ_BYTES = 4096


def begin(terminal: Path) -> None:
    """Make `breakpoint()` open a session in the terminal that listens at this path."""
    has_editors = importlib.util.find_spec("debugpy") is not None
    if has_editors:
        _let_editor_in()
    else:
        log.info(
            "debug.ready", "breakpoint() opens pdb in the worker's terminal; pip install debugpy lets an editor in"
        )
    if "PYTHONBREAKPOINT" not in os.environ:
        connection = _Terminal(terminal)
        # After debugpy started, which sets its own hook: without an editor that one does nothing.
        sys.breakpointhook = lambda *_args, **_named: _TerminalPdb(connection).set_trace(sys._getframe(1))
        if has_editors:
            threading.Thread(target=_prefer_editor, name="debugpy-client", daemon=True).start()


def _let_editor_in() -> None:
    import debugpy

    # Whoever can connect can run code: never on another address. Each shard process has its own port.
    host, port = debugpy.listen(("127.0.0.1", 0))
    log.info(
        "debug.ready",
        f"breakpoint() opens pdb in the worker's terminal, or stops in an editor that is attached to {host}:{port}",
        host=host,
        port=port,
    )


def _prefer_editor() -> None:
    import debugpy

    debugpy.wait_for_client()
    sys.breakpointhook = debugpy.breakpoint


class _Terminal:
    """The worker's terminal as a file, while a session is open. The sessions of all shards take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.RLock()
        self._socket: socket.socket | None = None
        self._typed = b""
        """What was typed ahead, for the next session."""
        self._unsaid = ""

    def open(self) -> None:
        self._turn.acquire()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self._path))
        unsaid, self._unsaid = self._unsaid, ""
        self.write(unsaid)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._turn.release()

    def readline(self) -> str:
        """Return the next line; empty at the end, as for a file."""
        while b"\n" not in self._typed:
            part = self._socket.recv(_READ_BYTES) if self._socket is not None else b""
            if not part:
                break
            self._typed += part
        line, end, self._typed = self._typed.partition(b"\n")
        return (line + end).decode(errors="replace")

    def write(self, text: str) -> int:
        """Show it, or keep it for the next session."""
        if self._socket is None:
            self._unsaid += text
        else:
            self._socket.sendall(text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        pass


class _TerminalPdb(pdb.Pdb):
    """Opens a session for each stop. The end of the terminal's input means to continue."""

    def __init__(self, terminal: _Terminal) -> None:
        super().__init__(stdin=terminal, stdout=terminal, nosigint=True, readrc=False)  # type: ignore[arg-type]
        self._terminal = terminal

    def interaction(self, frame: FrameType | None, *rest: Any) -> None:
        self._terminal.open()
        try:
            super().interaction(frame, *rest)
        finally:
            self._terminal.close()

    def do_EOF(self, arg: str) -> bool | None:  # noqa: N802 - pdb's name
        return self.do_continue(arg)
