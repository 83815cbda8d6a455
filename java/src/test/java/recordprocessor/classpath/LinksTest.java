package recordprocessor.classpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The class path has newer versions than its parts ask for, and fewer jars: what they refer to exists anyway. */
class LinksTest {
    private static final Path RECORD = Path.of("..", "src", "record_processor", "host", "jars.sha256");
    private static final Path ABSENT = Path.of("src", "test", "resources", "absent-classes.txt");
    private static final Path OURS = Path.of("target", "classes");

    /** The recorded jars, which are those of the wheel; the tests' own are not among them. */
    private static List<Path> shipped() throws IOException {
        Set<String> recorded = Files.readAllLines(RECORD).stream()
                .map(line -> line.split(" +")[1])
                .collect(Collectors.toCollection(TreeSet::new));
        List<Path> found = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(place -> recorded.contains(place.getFileName().toString()))
                .collect(Collectors.toCollection(ArrayList::new));
        found.forEach(jar -> recorded.remove(jar.getFileName().toString()));
        assertEquals(Set.of(), recorded, "recorded in jars.sha256, and not what pom.xml gives");
        found.add(OURS);
        return found;
    }

    @Test
    void everyClassFieldAndMethodThatIsReferredToIsThereOrIsOnTheReviewedListOfAbsences() throws IOException {
        ClassPath classPath = new ClassPath(shipped());
        AbsentClasses reviewed = new AbsentClasses(ABSENT);
        List<String> broken = new ArrayList<>();
        classPath.classes.forEach((from, file) -> file.references.stream()
                .filter(reference -> !classPath.has(reference) && !reviewed.cover(from, reference))
                .forEach(reference -> broken.add(from + " -> " + reference)));
        assertEquals(List.of(), broken);
        assertEquals(List.of(), reviewed.unused(), "on the list of absences, and not absent");
    }

    @Test
    void whatIsNotThereIsFound() throws IOException {
        ClassPath ours = new ClassPath(List.of(OURS));
        assertTrue(ours.has(new Reference("recordprocessor/kclpatches/KclField", "")));
        assertTrue(ours.has(new Reference("java/util/List", "size()I")));
        assertFalse(ours.has(new Reference("java/util/List", "length()I")));
        assertFalse(ours.has(new Reference("recordprocessor/kclpatches/KclField", "gone()V")));
        assertFalse(ours.has(new Reference("com/example/Absent", "")));
    }
}
