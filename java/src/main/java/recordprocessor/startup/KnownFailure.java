package recordprocessor.startup;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/**
 * A failure whose cause is outside of this program, and what to do about it: one line instead of KCL's stack traces.
 *
 * @param event what an alarm can be set on
 * @param passing whether KCL's trying again is the remedy
 * @param remedy for whoever reads the line
 */
public record KnownFailure(String event, boolean passing, String remedy) {
    private record Kind(Predicate<Throwable> isOne, KnownFailure failure) {}

    private static final List<String> DENIED = List.of(
            "AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId",
            "MissingAuthenticationToken", "IncompleteSignature", "SignatureDoesNotMatch", "InvalidToken");

    // The first that fits counts.
    private static final List<Kind> KINDS = List.of(
            new Kind(
                    KnownFailure::isDenied,
                    new KnownFailure("kcl.denied", false, "the credentials are refused, or lack a permission: see the README's IAM policy")),
            new Kind(
                    error -> error instanceof SdkClientException && says(error, "credentials"),
                    new KnownFailure("kcl.no_credentials", false, "no credentials were found: set AwsCredentialsProvider, or the environment's")),
            new Kind(
                    error -> error instanceof AwsServiceException service && service.isThrottlingException()
                            || error.getClass().getSimpleName().matches("(ProvisionedThroughput|Limit)Exceeded.*"),
                    new KnownFailure("kcl.throttled", true, "it is tried again; if it stays, raise the table's capacity")),
            new Kind(
                    error -> error instanceof ResourceNotFoundException,
                    new KnownFailure("kcl.no_table", false, "the table or stream is not there; a worker makes its own tables when it starts")),
            new Kind(
                    error -> error instanceof ResourceInUseException,
                    new KnownFailure("kcl.table_busy", true, "the table is being made or changed; it is tried again")),
            new Kind(
                    error -> error instanceof AwsServiceException service && service.statusCode() >= 500,
                    new KnownFailure("kcl.service_failed", true, "the service failed; it is tried again")),
            new Kind(
                    error -> error instanceof AwsServiceException,
                    new KnownFailure("kcl.refused", false, "the service refuses the call: if a table of that name was there before, it may be none of KCL's; use another applicationName")),
            new Kind(
                    error -> error instanceof SdkClientException
                            || error instanceof IOException
                            || error instanceof TimeoutException,
                    new KnownFailure("kcl.unreachable", true, "the service does not answer; it is tried again")));

    /** Empty where nobody knows it: then the stack trace is needed. */
    public static Optional<KnownFailure> of(Throwable error) {
        return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .flatMap(cause -> KINDS.stream().filter(kind -> kind.isOne().test(cause)))
                .map(Kind::failure)
                .findFirst();
    }

    private static boolean isDenied(Throwable error) {
        return error instanceof AwsServiceException service
                && service.awsErrorDetails() != null
                && DENIED.stream().anyMatch(code -> String.valueOf(service.awsErrorDetails().errorCode()).startsWith(code));
    }

    private static boolean says(Throwable error, String word) {
        return String.valueOf(error.getMessage()).contains(word);
    }
}
