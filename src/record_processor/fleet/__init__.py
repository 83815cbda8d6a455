"""What all workers of an application do, seen from outside: from KCL's tables, the streams, and the workers' reports.

`look.look` makes an `Application` (`model.py`); whoever shows it, as text, JSON or a page, changes nothing.
"""
