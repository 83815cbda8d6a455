package recordprocessor.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.InterceptorContext;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;

class LocalRegionInterceptorTest {
    private static final String REAL =
            "arn:aws:dynamodb:us-west-2:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";
    private static final String LOCAL =
            "arn:aws:dynamodb:ddblocal:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";

    private static SdkRequest sent(SdkRequest request) {
        return new LocalRegionInterceptor()
                .modifyRequest(InterceptorContext.builder().request(request).build(), new ExecutionAttributes());
    }

    @Test
    void descriptionsAreAskedForUnderTheLocalArn() {
        DescribeStreamRequest request = DescribeStreamRequest.builder().streamArn(REAL).limit(5).build();
        assertEquals(request.toBuilder().streamArn(LOCAL).build(), sent(request));
    }

    @Test
    void iteratorsAreAskedForUnderTheLocalArn() {
        GetShardIteratorRequest request =
                GetShardIteratorRequest.builder().streamArn(REAL).shardId("shardId-1").build();
        assertEquals(request.toBuilder().streamArn(LOCAL).build(), sent(request));
    }

    @Test
    void otherRequestsStayAsTheyAre() {
        GetRecordsRequest request = GetRecordsRequest.builder().shardIterator("i").build();
        assertSame(request, sent(request));
    }
}
