"""Filters: EventBridge's and Lambda's pattern language over stream records."""
