"""From records to actions: order per item, batches, retries, dead letters, and progress.

`shard_delivery` takes records from the processor; `batch_queue` decides which of them may go together and when;
`action_runner` runs one action with its `call_loop`s, one per concurrent call; `low_water_mark` tracks how far
everything is done.

Decisions use no threads: `admission` says which records may be tried, `verdict` what a call means for each of its
records, `retry_policy` what follows from that. `outcomes` carries it out.
"""
