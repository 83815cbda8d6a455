package recordprocessor.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.amazonaws.services.dynamodbv2.streamsadapter.util.KinesisMapperUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamArnTest {
    private static final String LOCAL =
            "arn:aws:dynamodb:ddblocal:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";
    private static final String REAL =
            "arn:aws:dynamodb:us-west-2:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";
    private static final String CHINA =
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a.b-c_d/stream/2026-11-23T06:31:23.882";

    @Test
    void dynamodbLocalsRegionIsReplacedForTheAdapter() {
        assertEquals(REAL, new StreamArn(LOCAL).forAdapter("us-west-2").text());
    }

    @Test
    void aRealRegionStaysWhateverTheClientsIs() {
        assertEquals(REAL, new StreamArn(REAL).forAdapter("eu-central-1").text());
    }

    @Test
    void dynamodbLocalsRegionCanBePutBack() {
        assertEquals(LOCAL, new StreamArn(REAL).withRegion(StreamArn.LOCAL_REGION).text());
    }

    @ParameterizedTest
    @ValueSource(strings = {REAL, CHINA})
    void theKclNameIsTheOneThatTheAdapterMakes(String arn) {
        String adaptersName = KinesisMapperUtil.createKinesisStreamIdentifierFromDynamoDBStreamsArn(arn, false);
        assertEquals(adaptersName, new StreamArn(arn).kclStreamName());
        assertEquals(arn, KinesisMapperUtil.createDynamoDBStreamsArnFromKinesisStreamName(adaptersName));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Phones", "arn:aws:dynamodb:us-west-2:123456789012:table/Phones", "arn:aws:s3:::bucket"})
    void whatIsNoStreamArnIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> new StreamArn(text));
    }
}
