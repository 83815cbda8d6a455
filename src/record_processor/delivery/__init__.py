"""From records to actions: order per item, batches, retries, dead letters, and how far everything is done.

`engine` takes records from the processor; `queue` decides which of them may go together and when; `pipeline` runs one
action; `progress` knows the low-water mark.
"""
