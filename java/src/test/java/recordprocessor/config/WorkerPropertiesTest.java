package recordprocessor.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerPropertiesTest {
    private static final String ARN =
            "arn:aws:dynamodb:us-west-2:123456789012:table/Phones/stream/2026-11-23T06:31:23.882";

    @TempDir
    Path folder;

    private WorkerProperties written(String text) throws IOException {
        return WorkerProperties.read(Files.writeString(folder.resolve("daemon.properties"), text));
    }

    @Test
    void streamsAreReadInTheirOrder() throws IOException {
        String other = ARN.replace("Phones", "Orders");
        WorkerProperties properties = written("streamArns=" + ARN + ", " + other);
        assertEquals(List.of(ARN, other), properties.streamArns().stream().map(StreamArn::text).toList());
    }

    @Test
    void theChildsCommandKeepsItsWordsWhole() throws IOException {
        WorkerProperties properties = written("shardCommand=[\"/a folder/python\",\"-m\",\"record_processor.shard\"]");
        assertEquals(List.of("/a folder/python", "-m", "record_processor.shard"), properties.shardProcessCommand());
    }

    @Test
    void theFormOfTheLeasesIsSaid() throws IOException {
        assertTrue(written("streamMode=multi").multiStream());
        assertFalse(written("streamMode=single").multiStream());
    }

    @Test
    void anEndpointIsThereOnlyWhenWritten() throws IOException {
        assertEquals(URI.create("http://localhost:8000"),
                written("kinesisEndpoint=http\\://localhost\\:8000").streamsEndpoint().orElseThrow());
        assertTrue(written("").streamsEndpoint().isEmpty());
    }

    @Test
    void aMissingPropertyIsNamed() throws IOException {
        WorkerProperties properties = written("regionName=");
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, properties::region);
        assertEquals("property regionName is missing", error.getMessage());
    }
}
