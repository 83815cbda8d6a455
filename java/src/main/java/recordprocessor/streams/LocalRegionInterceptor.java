package recordprocessor.streams;

import recordprocessor.config.StreamArn;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;

/** Puts DynamoDB Local's region back into the ARNs of requests, after {@link StreamArn#forAdapter} replaced it. */
public final class LocalRegionInterceptor implements ExecutionInterceptor {
    @Override
    public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
        SdkRequest request = context.request();
        if (request instanceof DescribeStreamRequest describe) {
            return describe.toBuilder().streamArn(local(describe.streamArn())).build();
        }
        if (request instanceof GetShardIteratorRequest iterator) {
            return iterator.toBuilder().streamArn(local(iterator.streamArn())).build();
        }
        return request;
    }

    private static String local(String arn) {
        return new StreamArn(arn).withRegion(StreamArn.LOCAL_REGION).text();
    }
}
