package recordprocessor.classpath;

import java.util.Set;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Collects what code refers to. Not what is looked up by name at run time: a class file does not show that. */
final class References extends MethodVisitor {
    private final Set<Reference> found;

    References(Set<Reference> found) {
        super(Opcodes.ASM9);
        this.found = found;
    }

    /** A class's name in the JVM's form, or an array's descriptor. */
    void toClass(String name) {
        Type type = Type.getObjectType(name);
        Type element = type.getSort() == Type.ARRAY ? type.getElementType() : type;
        if (element.getSort() == Type.OBJECT) {
            found.add(new Reference(element.getInternalName(), ""));
        }
    }

    void toTypesOf(String descriptor) {
        Type type = Type.getType(descriptor);
        if (type.getSort() == Type.METHOD) {
            for (Type argument : type.getArgumentTypes()) {
                toTypesOf(argument.getDescriptor());
            }
            toTypesOf(type.getReturnType().getDescriptor());
        } else if (type.getSort() >= Type.ARRAY) {
            toClass(type.getInternalName());
        }
    }

    private void toMember(String owner, String name, String descriptor) {
        toTypesOf(descriptor);
        if (owner.startsWith("[")) {
            toClass(owner);
        } else {
            found.add(new Reference(owner, name + descriptor));
        }
    }

    @Override
    public void visitTypeInsn(int opcode, String type) {
        toClass(type);
    }

    @Override
    public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
        toMember(owner, name, descriptor);
    }

    @Override
    public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
        toMember(owner, name, descriptor);
    }

    @Override
    public void visitTryCatchBlock(Label start, Label end, Label handler, String type) {
        if (type != null) {
            toClass(type);
        }
    }

    @Override
    public void visitMultiANewArrayInsn(String descriptor, int dimensions) {
        toTypesOf(descriptor);
    }

    @Override
    public void visitLdcInsn(Object value) {
        toConstant(value);
    }

    @Override
    public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
        toTypesOf(descriptor);
        for (Object argument : arguments) {
            toConstant(argument);
        }
    }

    private void toConstant(Object value) {
        if (value instanceof Type type) {
            toTypesOf(type.getDescriptor());
        } else if (value instanceof Handle handle) {
            toMember(handle.getOwner(), handle.getName(), handle.getDesc());
        }
    }
}
