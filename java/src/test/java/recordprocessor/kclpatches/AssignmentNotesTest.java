package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig.WorkerMetricsTableConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStats;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStatsDAO;

class AssignmentNotesTest {
    private final Map<String, Map<String, AttributeValue>> items = new HashMap<>();
    private boolean throttled;
    private boolean assigns = true;

    /** The workers' metrics: a note is an update with an expression of ours, and a report one of KCL's. */
    private final DynamoDbAsyncClient client = (DynamoDbAsyncClient) Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {DynamoDbAsyncClient.class}, (proxy, method, arguments) ->
                    switch (method.getName()) {
                        case "updateItem" -> update((UpdateItemRequest) arguments[0]);
                        case "toString" -> "client";
                        default -> throw new UnsupportedOperationException(method.getName());
                    });

    private CompletableFuture<UpdateItemResponse> update(UpdateItemRequest request) {
        if (throttled) {
            return CompletableFuture.failedFuture(
                    ProvisionedThroughputExceededException.builder().build());
        }
        String worker = request.key().get("wid").s();
        Map<String, AttributeValue> item = items.computeIfAbsent(worker, ignored -> new HashMap<>(request.key()));
        if (request.expressionAttributeValues().containsKey(":note")) {
            item.put("assigned", request.expressionAttributeValues().get(":note"));
        }
        UpdateItemResponse.Builder response = UpdateItemResponse.builder();
        return CompletableFuture.completedFuture(
                (request.returnValues() == ReturnValue.ALL_NEW ? response.attributes(item) : response).build());
    }

    private LeaseRefresher table() {
        LeaseRefresher kcls = (LeaseRefresher) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {LeaseRefresher.class},
                (proxy, method, arguments) -> assigns);
        return new AssignmentNotes(client, "metrics").noted(kcls);
    }

    private static WorkerMetricStats report(String worker) {
        return WorkerMetricStats.builder()
                .workerId(worker)
                .metricStats(Map.of())
                .operatingRange(Map.of())
                .lastUpdateTime(Instant.now().getEpochSecond())
                .build();
    }

    private WorkerMetricStatsDAO reports(List<String> found) {
        return new WorkerMetricStatsDAO(
                AssignmentNotes.watched(client, found::add), new WorkerMetricsTableConfig("application"), 1_000L);
    }

    @Test
    void theAnswerToAWorkersReportHasTheNoteOfWhoAssignedLeasesToIt() throws Exception {
        List<String> found = new ArrayList<>();
        WorkerMetricStatsDAO reports = reports(found);
        reports.updateMetrics(report("worker"));
        assertTrue(table().assignLease(new Lease(), "worker"));
        reports.updateMetrics(report("worker"));
        reports.updateMetrics(report("worker"));
        assertEquals("", found.get(0));
        assertFalse(found.get(1).isEmpty());
        assertEquals(found.get(1), found.get(2));
    }

    @Test
    void anAssignmentThatWasRefusedIsNotNoted() throws Exception {
        assigns = false;
        assertFalse(table().assignLease(new Lease(), "worker"));
        assertEquals(Map.of(), items);
    }

    @Test
    void aNoteThatCannotBeWrittenDoesNotHinderTheAssignment() throws Exception {
        throttled = true;
        assertTrue(table().assignLease(new Lease(), "worker"));
    }

    @Test
    void aReportThatFailsFailsAsBefore() {
        throttled = true;
        List<String> found = new ArrayList<>();
        WorkerMetricStatsDAO reports = reports(found);
        assertThrows(ProvisionedThroughputExceededException.class, () -> reports.updateMetrics(report("worker")));
        assertEquals(List.of(), found);
    }
}
