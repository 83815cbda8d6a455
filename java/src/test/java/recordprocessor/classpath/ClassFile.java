package recordprocessor.classpath;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * What a class file defines, and what it refers to.
 *
 * <p>Annotations are left out: the JVM ignores those whose class does not exist.
 */
final class ClassFile extends ClassVisitor {
    private static final int ASM = Opcodes.ASM9;

    /** Names of its superclass and interfaces, in the JVM's form ({@code java/lang/Object}). */
    final List<String> parents = new ArrayList<>();
    /** Its fields and methods, each with its descriptor. */
    final Set<String> members = new HashSet<>();

    final Set<Reference> references = new HashSet<>();
    private final References code = new References(references);

    private ClassFile() {
        super(ASM);
    }

    static ClassFile of(byte[] content) {
        ClassFile file = new ClassFile();
        new ClassReader(content).accept(file, ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        return file;
    }

    @Override
    public void visit(int version, int access, String name, String signature, String parent, String[] interfaces) {
        if (parent != null) {
            parents.add(parent);
        }
        parents.addAll(List.of(interfaces));
        parents.forEach(code::toClass);
    }

    @Override
    public FieldVisitor visitField(int access, String name, String descriptor, String signature, Object value) {
        members.add(name + descriptor);
        code.toTypesOf(descriptor);
        return null;
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] thrown) {
        members.add(name + descriptor);
        code.toTypesOf(descriptor);
        return code;
    }
}
