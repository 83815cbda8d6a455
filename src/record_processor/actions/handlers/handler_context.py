"""The second argument of a handler: what Lambda's context has, and the shard.

https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
"""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from record_processor.actions.handlers.deadline import Deadline
    from record_processor.records.stream import Shard


class Identity:
    """Who called, as Lambda reports it for mobile applications: nobody."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None


class Context:
    """The context of one call. Like Lambda's, it is an ordinary object: a handler may set attributes on it."""

    def __init__(self, action: str, shard: Shard, deadline: Deadline) -> None:
        self.function_name = action
        """The action's name."""
        self.function_version = "$LATEST"
        self.invoked_function_arn = shard.stream.arn
        """The stream's ARN: there is no function's."""
        self.memory_limit_in_mb = 0
        """No limit applies to a handler alone."""
        self.aws_request_id = str(uuid.uuid4())
        """New for every call."""
        self.log_group_name = f"/record-processor/{shard.stream.table}"
        """Named after the table. There is no such log group, unless your log collector creates one."""
        self.log_stream_name = shard.shard_id
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None
        self.shard_id = shard.shard_id
        """Lambda's context does not have it."""
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds are left of the action's `timeout`; never negative."""
        return self._deadline.remaining_millis()

    def log(self, message: object) -> None:
        """Write to the log, as `print` does."""
        sys.stdout.write(f"{message}\n")

    def __repr__(self) -> str:
        return f"<Context {self.function_name} {self.aws_request_id}>"
