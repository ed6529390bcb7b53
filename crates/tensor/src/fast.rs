//! Static tables for sign and exponent, the rest stored: as fast as memory.
