package recordprocessor.records;

import java.util.Optional;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;

/**
 * Where {@link BodyReader} leaves what it found in the response to one request.
 *
 * <p>The SDK sends a request again after some errors; what counts is the last response.
 */
final class GetRecordsBody {
    private static final ExecutionAttribute<GetRecordsBody> ATTRIBUTE = new ExecutionAttribute<>("GetRecordsBody");

    private volatile RecordPage page;

    static Optional<GetRecordsBody> of(ExecutionAttributes attributes) {
        return Optional.ofNullable(attributes.getAttribute(ATTRIBUTE));
    }

    /** The request that is answered here. */
    GetRecordsRequest wantedBy(GetRecordsRequest request) {
        AwsRequestOverrideConfiguration.Builder overrides = request.overrideConfiguration()
                .map(AwsRequestOverrideConfiguration::toBuilder)
                .orElseGet(AwsRequestOverrideConfiguration::builder);
        return request.toBuilder()
                .overrideConfiguration(
                        overrides.putExecutionAttribute(ATTRIBUTE, this).build())
                .build();
    }

    void set(RecordPage found) {
        page = found;
    }

    /** Empty if the SDK has read the response. */
    Optional<RecordPage> page() {
        return Optional.ofNullable(page);
    }
}
