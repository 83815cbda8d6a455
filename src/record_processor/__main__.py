"""`python -m record_processor` is the `record-processor` command."""

from record_processor.cli import main

main()
