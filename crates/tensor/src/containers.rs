//! Parsers of containers: where in a file the arrays are.
