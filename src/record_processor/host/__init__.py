"""Once per host: read the properties, resolve the streams, prepare the tables, start the JVM and watch it.

Nothing here knows about records.
"""
