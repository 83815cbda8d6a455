package recordprocessor.records;

/** A response is not as this package knows them. What it contains is not in the message, only what is unknown. */
final class UnknownShapeException extends Exception {
    private static final long serialVersionUID = 1;

    UnknownShapeException(String message) {
        super(message, null, false, false);
    }
}
