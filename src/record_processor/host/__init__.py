"""Once per host: read the properties, resolve the streams, prepare the tables, start the JVM and mind it.

Nothing here knows of records.
"""
