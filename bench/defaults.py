"""The defaults of production, in place of the faster properties that the tests' workers have."""

PROPERTIES = {
    "jvmOptions": "-Xmx256m",
    "failoverTimeMillis": "10000",
    "checkpointIntervalMillis": "5000",
    "idleTimeBetweenReadsInMillis": "1000",
}
