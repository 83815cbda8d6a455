package recordprocessor.logging;

import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.LimitExceededException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/**
 * A failure whose cause is outside of this program, and what to do about it: one line instead of KCL's stack traces.
 *
 * @param event what an alarm can be set on
 * @param passing whether KCL's retry is the remedy
 * @param remedy for whoever reads the line
 */
public record KnownFailure(String event, boolean passing, String remedy) {
    private record Kind(Predicate<Throwable> isOne, KnownFailure failure) {}

    private static final List<String> DENIED = List.of(
            "AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId",
            "MissingAuthenticationToken", "IncompleteSignature", "SignatureDoesNotMatch", "InvalidToken");

    // The first match counts.
    private static final List<Kind> KINDS = List.of(
            lasting("kcl.denied", KnownFailure::isDenied, "the credentials are rejected, or lack a permission"),
            lasting("kcl.no_credentials", KnownFailure::lacksCredentials, "set AwsCredentialsProvider"),
            passing("kcl.throttled", KnownFailure::isThrottled, "KCL retries; if it persists, raise the capacity"),
            lasting("kcl.no_table", ResourceNotFoundException.class::isInstance, "a worker creates its tables when it starts"),
            passing("kcl.table_busy", ResourceInUseException.class::isInstance, "KCL retries"),
            passing("kcl.service_failed", KnownFailure::isTheServices, "KCL retries"),
            lasting(
                    "kcl.refused",
                    AwsServiceException.class::isInstance,
                    "a table with that name may not be one of KCL's: use another applicationName"),
            passing("kcl.unreachable", KnownFailure::isUnreachable, "the service does not answer; KCL retries"));

    private static Kind passing(String event, Predicate<Throwable> isOne, String remedy) {
        return new Kind(isOne, new KnownFailure(event, true, remedy));
    }

    private static Kind lasting(String event, Predicate<Throwable> isOne, String remedy) {
        return new Kind(isOne, new KnownFailure(event, false, remedy));
    }

    /** Empty if it is unknown: then the stack trace is needed. */
    public static Optional<KnownFailure> of(Throwable error) {
        return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .flatMap(cause -> KINDS.stream().filter(kind -> kind.isOne().test(cause)))
                .map(Kind::failure)
                .findFirst();
    }

    private static boolean isDenied(Throwable error) {
        return error instanceof AwsServiceException service
                && service.awsErrorDetails() != null
                && DENIED.stream().anyMatch(String.valueOf(service.awsErrorDetails().errorCode())::startsWith);
    }

    private static boolean lacksCredentials(Throwable error) {
        return error instanceof SdkClientException && String.valueOf(error.getMessage()).contains("credentials");
    }

    private static boolean isThrottled(Throwable error) {
        return error instanceof AwsServiceException service && service.isThrottlingException()
                || error instanceof ProvisionedThroughputExceededException
                || error instanceof LimitExceededException;
    }

    private static boolean isTheServices(Throwable error) {
        return error instanceof AwsServiceException service && service.statusCode() >= 500;
    }

    /** Not every IOException: a full disk is one too. */
    private static boolean isUnreachable(Throwable error) {
        return error instanceof SdkClientException
                || error instanceof SocketException
                || error instanceof UnknownHostException
                || error instanceof TimeoutException;
    }
}
