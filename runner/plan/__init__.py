"""From what a user wrote to a `Plan`: checking, locking, reading and writing it. Pure."""
