package icy.type;

/** Stands for Icy's {@code icy.type.DataType}. */
public enum DataType {

    UBYTE, BYTE, USHORT, SHORT, UINT, INT, ULONG, LONG, FLOAT, DOUBLE, UNDEFINED
}
