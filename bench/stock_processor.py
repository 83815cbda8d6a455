"""What a user would write on stock kclpy: decode with json, append to a file, checkpoint each batch."""

from __future__ import annotations

import json
import os
from typing import Any

from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor


class StockProcessor(processor.RecordProcessorBase):
    def initialize(self, _initialize_input: Any) -> None:
        self.file = open("stock.jsonl", "a")  # noqa: PTH123, SIM115

    def process_records(self, process_records_input: Any) -> None:
        for record in process_records_input.records:
            change = json.loads(record.binary_data)
            self.file.write(json.dumps(change) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        if process_records_input.records:
            process_records_input.checkpointer.checkpoint()

    def lease_lost(self, _lease_lost_input: Any) -> None:
        pass

    def shard_ended(self, shard_ended_input: Any) -> None:
        shard_ended_input.checkpointer.checkpoint()

    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        shutdown_requested_input.checkpointer.checkpoint()


if __name__ == "__main__":
    kcl.KCLProcess(StockProcessor()).run()
