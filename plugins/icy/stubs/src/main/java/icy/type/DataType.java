package icy.type;

/** Signatures of Icy's {@code icy.type.DataType}; only what is called, and never in the jar. */
public enum DataType {

    UBYTE, BYTE, USHORT, SHORT, UINT, INT, ULONG, LONG, FLOAT, DOUBLE, UNDEFINED
}
