package recordprocessor.classpath;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.objectweb.asm.Type;

/** All classes of several jars and folders, and whether what one of them refers to exists there, or in the JDK. */
final class ClassPath {
    // Their methods take whatever they are called with.
    private static final Set<String> ANY_SIGNATURE =
            Set.of("java/lang/invoke/MethodHandle", "java/lang/invoke/VarHandle");

    // The JDK hides it from reflection once anything in this JVM has used the class; code still links to it.
    private static final String UNSAFE = "sun/misc/Unsafe";
    private static final String HIDDEN_OF_UNSAFE = "getUnsafe()Lsun/misc/Unsafe;";

    /** By name in the JVM's form. */
    final Map<String, ClassFile> classes = new TreeMap<>();

    private final Map<String, Set<String>> membersOfJdk = new TreeMap<>();

    ClassPath(List<Path> places) throws IOException {
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                addFolder(place);
            } else {
                addJar(place);
            }
        }
    }

    private void addFolder(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                add(folder.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
    }

    /** What a Java 17 sees of it. */
    private void addJar(Path place) throws IOException {
        try (JarFile jar = new JarFile(place.toFile(), false, JarFile.OPEN_READ, Runtime.Version.parse("17"))) {
            jar.versionedStream().forEach(entry -> {
                try {
                    add(entry.getName(), jar.getInputStream(entry).readAllBytes());
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            });
        }
    }

    private void add(String name, byte[] content) {
        if (name.endsWith(".class") && !name.endsWith("module-info.class")) {
            classes.putIfAbsent(name.substring(0, name.length() - ".class".length()), ClassFile.of(content));
        }
    }

    /** Whether the JVM would find it when the code that refers to it runs. */
    boolean has(Reference reference) {
        if (!isClass(reference.owner())) {
            return false;
        }
        return reference.member().isEmpty()
                || ANY_SIGNATURE.contains(reference.owner())
                || hasMember(reference.owner(), reference.member());
    }

    private boolean isClass(String name) {
        return classes.containsKey(name) || !ofJdk(name).isEmpty();
    }

    private boolean hasMember(String owner, String member) {
        ClassFile file = classes.get(owner);
        if (file == null) {
            return ofJdk(owner).contains(member);
        }
        return file.members.contains(member)
                || file.parents.stream().anyMatch(parent -> hasMember(parent, member))
                || ofJdk("java/lang/Object").contains(member);
    }

    private Set<String> ofJdk(String name) {
        return membersOfJdk.computeIfAbsent(name, ClassPath::readFromJdk);
    }

    /** Fields and methods, including inherited ones, and the class's name; empty if there is no such class. */
    private static Set<String> readFromJdk(String name) {
        Set<String> members = new HashSet<>();
        try {
            Class<?> type = Class.forName(name.replace('/', '.'), false, ClassLoader.getPlatformClassLoader());
            members.add(name);
            addMembers(type, members);
            addMembers(Object.class, members);
            if (name.equals(UNSAFE)) {
                members.add(HIDDEN_OF_UNSAFE);
            }
        } catch (ClassNotFoundException absent) {
            return Set.of();
        }
        return members;
    }

    private static void addMembers(Class<?> type, Set<String> members) {
        if (type == null) {
            return;
        }
        Arrays.stream(type.getDeclaredFields()).forEach(one -> members.add(one.getName() + Type.getDescriptor(one.getType())));
        Arrays.stream(type.getDeclaredConstructors()).forEach(one -> members.add("<init>" + Type.getConstructorDescriptor(one)));
        Arrays.stream(type.getDeclaredMethods()).forEach(one -> members.add(one.getName() + Type.getMethodDescriptor(one)));
        addMembers(type.getSuperclass(), members);
        Arrays.stream(type.getInterfaces()).forEach(one -> addMembers(one, members));
    }
}
