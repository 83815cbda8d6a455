package recordprocessor.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.leases.exceptions.ProvisionedThroughputException;

class JsonLineLayoutTest {
    private static final Logger KCL = new LoggerContext().getLogger("software.amazon.kinesis.coordinator.Scheduler");

    private static LoggingEvent event(Logger logger, Throwable error, String message) {
        return new LoggingEvent("", logger, Level.ERROR, message, error, null);
    }

    private static Map<?, ?> line(Throwable error) throws Exception {
        String text = new JsonLineLayout().doLayout(event(KCL, error, "Caught exception"));
        assertEquals(text.length() - 1, text.indexOf('\n'));
        return new ObjectMapper().readValue(text, Map.class);
    }

    private static DynamoDbException service(int status, String code, String message) {
        return (DynamoDbException) DynamoDbException.builder()
                .statusCode(status)
                .message(message)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage(message)
                        .build())
                .build();
    }

    static Stream<Arguments> known() {
        return Stream.of(
                Arguments.of(
                        "kcl.throttled",
                        "warning",
                        new ProvisionedThroughputException(ProvisionedThroughputExceededException.builder()
                                .message("too fast")
                                .build())),
                Arguments.of(
                        "kcl.unreachable",
                        "warning",
                        new DependencyException(
                                SdkClientException.create("Unable to execute", new ConnectException("refused")))),
                Arguments.of(
                        "kcl.denied",
                        "error",
                        new RuntimeException(service(400, "AccessDeniedException", "not authorized to Scan"))),
                Arguments.of(
                        "kcl.no_credentials",
                        "error",
                        SdkClientException.create("Unable to load credentials from any of the providers")),
                Arguments.of(
                        "kcl.no_table",
                        "error",
                        new CompletionException(
                                ResourceNotFoundException.builder().message("no such table").build())),
                Arguments.of("kcl.refused", "error", service(400, "ValidationException", "the key does not match")),
                Arguments.of("kcl.service_failed", "warning", service(500, "InternalServerError", "sorry")));
    }

    @ParameterizedTest
    @MethodSource("known")
    void whatComesFromOutsideIsOneLineWithItsCauseAndNoStackTrace(String event, String level, Exception error)
            throws Exception {
        Map<?, ?> line = line(error);
        assertEquals(event, line.get("event"));
        assertEquals(level, line.get("level"));
        assertFalse(line.containsKey("traceback"));
        assertTrue(line.get("message").toString().startsWith("Caught exception: " + Causes.of(error)));
    }

    @Test
    void whatNobodyKnowsKeepsItsStackTrace() throws Exception {
        Map<?, ?> line = line(new IllegalStateException("a defect"));
        assertEquals("kcl", line.get("event"));
        assertTrue(line.get("traceback").toString().contains("JsonLineLayoutTest"));
    }

    @Test
    void theAuditorOfHashRangesIsNotHeard() {
        LoggerContext context = new LoggerContext();
        Logger auditor = context.getLogger("software.amazon.kinesis.coordinator.PeriodicShardSyncManager");
        FalseAlarms alarms = new FalseAlarms();
        assertEquals(
                FilterReply.DENY,
                alarms.decide(event(auditor, null, "Incomplete hash range found for stream {} between {} and {}.")));
        assertEquals(FilterReply.NEUTRAL, alarms.decide(event(auditor, null, "Error during runShardSync.")));
        assertEquals(FilterReply.NEUTRAL, alarms.decide(event(KCL, null, "Incomplete hash range found")));
    }
}
