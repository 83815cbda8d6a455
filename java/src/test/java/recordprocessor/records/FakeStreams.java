package recordprocessor.records;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** An HTTP client that has one response to everything, under the SDK's real client. */
final class FakeStreams implements SdkHttpClient {
    static final Region REGION = Region.US_WEST_2;

    private final int status;
    private final InputStream body;
    private final Map<String, String> headers = new TreeMap<>();

    FakeStreams(int status, InputStream body) {
        this.status = status;
        this.body = body;
    }

    FakeStreams(byte... body) {
        this(200, new ByteArrayInputStream(body));
        header("Content-Length", String.valueOf(body.length));
    }

    FakeStreams header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    DynamoDbStreamsClient client(ExecutionInterceptor... interceptors) {
        return DynamoDbStreamsClient.builder()
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                .region(REGION)
                .endpointOverride(URI.create("http://localhost:1"))
                .httpClient(this)
                .overrideConfiguration(overrides -> {
                    overrides.retryStrategy(AwsRetryStrategy.doNotRetry());
                    for (ExecutionInterceptor interceptor : interceptors) {
                        overrides.addExecutionInterceptor(interceptor);
                    }
                })
                .build();
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        SdkHttpResponse.Builder response = SdkHttpResponse.builder().statusCode(status);
        headers.forEach(response::putHeader);
        return new ExecutableHttpRequest() {
            @Override
            public HttpExecuteResponse call() {
                return HttpExecuteResponse.builder()
                        .response(response.build())
                        .responseBody(AbortableInputStream.create(body))
                        .build();
            }

            @Override
            public void abort() {}
        };
    }

    @Override
    public void close() {}
}
