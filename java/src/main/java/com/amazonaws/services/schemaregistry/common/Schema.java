package com.amazonaws.services.schemaregistry.common;

/** Stands in for the class of Glue's schema registry: the type of a field in KCL's record class that is always null. */
public final class Schema {
    private Schema() {}
}
