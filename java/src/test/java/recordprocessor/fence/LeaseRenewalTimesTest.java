package recordprocessor.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.InterceptorContext;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeAction;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.AttributeValueUpdate;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.kinesis.multilang.auth.LocalCredentialsProvider;

class LeaseRenewalTimesTest {
    private final ExecutionInterceptor interceptor = new LeaseRenewalTimes();

    private static UpdateItemRequest renewal(String leaseKey) {
        return UpdateItemRequest.builder()
                .key(Map.of("leaseKey", AttributeValue.fromS(leaseKey)))
                .attributeUpdates(Map.of(
                        "leaseCounter",
                        AttributeValueUpdate.builder().action(AttributeAction.ADD).build()))
                .build();
    }

    private ExecutionAttributes sent(SdkRequest request) {
        ExecutionAttributes attributes = new ExecutionAttributes();
        interceptor.beforeExecution(InterceptorContext.builder().request(request).build(), attributes);
        return attributes;
    }

    private void answered(SdkRequest request, ExecutionAttributes attributes) {
        interceptor.afterExecution(InterceptorContext.builder().request(request).build(), attributes);
    }

    @Test
    void aWriteCountsFromBeforeItWasSentHoweverLateItsAnswerIs() throws InterruptedException {
        long before = BootTime.nanos();
        ExecutionAttributes attributes = sent(renewal("slow"));
        long afterSending = BootTime.nanos();
        Thread.sleep(20);
        answered(renewal("slow"), attributes);
        long counted = LeaseRenewalTimes.lastSent("slow").orElseThrow();
        assertTrue(before <= counted && counted <= afterSending);
    }

    @Test
    void aWriteWithoutAnAnswerDoesNotCount() {
        sent(renewal("unanswered"));
        assertTrue(LeaseRenewalTimes.lastSent("unanswered").isEmpty());
    }

    @Test
    void anOlderWriteThatIsAnsweredLastChangesNothing() {
        ExecutionAttributes first = sent(renewal("crossed"));
        ExecutionAttributes second = sent(renewal("crossed"));
        answered(renewal("crossed"), second);
        long counted = LeaseRenewalTimes.lastSent("crossed").orElseThrow();
        answered(renewal("crossed"), first);
        assertEquals(counted, LeaseRenewalTimes.lastSent("crossed").orElseThrow());
    }

    @Test
    void onlyWritesOfALeasesCounterCount() {
        GetItemRequest read = GetItemRequest.builder()
                .key(Map.of("leaseKey", AttributeValue.fromS("read")))
                .build();
        answered(read, sent(read));
        assertTrue(LeaseRenewalTimes.lastSent("read").isEmpty());
    }

    @Test
    void theSdkGivesItToEveryDynamoDbClient() {
        try (DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                .region(Region.US_WEST_2)
                .credentialsProvider(new LocalCredentialsProvider())
                .build()) {
            assertTrue(client.serviceClientConfiguration().overrideConfiguration().executionInterceptors().stream()
                    .anyMatch(LeaseRenewalTimes.class::isInstance));
        }
    }

    @Test
    void aLeaseThatIsLostIsForgotten() {
        answered(renewal("lost"), sent(renewal("lost")));
        LeaseRenewalTimes.forget("lost");
        assertTrue(LeaseRenewalTimes.lastSent("lost").isEmpty());
    }
}
