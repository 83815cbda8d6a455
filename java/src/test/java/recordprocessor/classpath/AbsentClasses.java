package recordprocessor.classpath;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The reviewed list of classes that are not on the class path although code there refers to them. */
final class AbsentClasses {
    private static final Pattern LINE = Pattern.compile("(?<who>\\S+) -> (?<what>\\S+): (?<reason>\\S.*)");

    private record Rule(String who, String what) {
        boolean covers(String from, Reference reference) {
            return from.startsWith(who) && reference.toString().startsWith(what);
        }
    }

    private final List<Rule> rules;
    private final Set<Rule> unused;

    AbsentClasses(Path file) throws IOException {
        rules = Files.readAllLines(file).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(AbsentClasses::rule)
                .toList();
        unused = new HashSet<>(rules);
    }

    private static Rule rule(String line) {
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
            throw new IllegalArgumentException("not WHO -> WHAT: REASON, but " + line);
        }
        return new Rule(parts.group("who"), parts.group("what"));
    }

    boolean cover(String from, Reference reference) {
        List<Rule> covering =
                rules.stream().filter(rule -> rule.covers(from, reference)).toList();
        covering.forEach(unused::remove);
        return !covering.isEmpty();
    }

    /** Returns the rules that covered nothing: what they mention exists, or is no longer referred to. */
    List<String> unused() {
        return unused.stream().map(Rule::toString).sorted().toList();
    }
}
