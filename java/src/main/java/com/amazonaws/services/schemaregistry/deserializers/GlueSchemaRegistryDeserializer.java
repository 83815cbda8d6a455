package com.amazonaws.services.schemaregistry.deserializers;

/**
 * Stands in for the class of Glue's schema registry, which is not on the class path.
 *
 * <p>A setter of KCL's RetrievalConfig takes one, and KCL looks its setters up by reflection, which fails if the class
 * of any parameter is missing. No instance is ever made: records of DynamoDB Streams have no schemas. The real one
 * would bring Kafka, Avro, Kotlin and Scala.
 */
public interface GlueSchemaRegistryDeserializer {}
