/** How the library writes an attribute: VISA gives each its own width; a boolean is 16 bits. */
export type AttributeType = 'u8' | 'bool' | 'u16' | 'i16' | 'u32' | 'u64' | 'string';

export interface AttributeCode<Type extends AttributeType = AttributeType> {
  readonly code: number;
  readonly type: Type;
}

export type AttributeValue<Type extends AttributeType> = Type extends 'string'
  ? string
  : Type extends 'bool'
    ? boolean
    : Type extends 'u64'
      ? bigint
      : number;

function attribute<Type extends AttributeType>(code: number, type: Type): AttributeCode<Type> {
  return { code, type };
}

/** Attributes of VPP-4.3 by their names without VI_ATTR_; codes and types from appendix A. */
export const VISA_ATTRIBUTES = {
  RSRC_CLASS: attribute(0xbfff0001, 'string'),
  RSRC_NAME: attribute(0xbfff0002, 'string'),
  RSRC_IMPL_VERSION: attribute(0x3fff0003, 'u32'),
  RSRC_LOCK_STATE: attribute(0x3fff0004, 'u32'),
  MAX_QUEUE_LENGTH: attribute(0x3fff0005, 'u32'),
  RSRC_SPEC_VERSION: attribute(0x3fff0170, 'u32'),
  RSRC_MANF_NAME: attribute(0xbfff0174, 'string'),
  RSRC_MANF_ID: attribute(0x3fff0175, 'u16'),
  SEND_END_EN: attribute(0x3fff0016, 'bool'),
  TERMCHAR: attribute(0x3fff0018, 'u8'),
  TMO_VALUE: attribute(0x3fff001a, 'u32'),
  GPIB_READDR_EN: attribute(0x3fff001b, 'bool'),
  IO_PROT: attribute(0x3fff001c, 'u16'),
  DMA_ALLOW_EN: attribute(0x3fff001e, 'bool'),
  ASRL_BAUD: attribute(0x3fff0021, 'u32'),
  ASRL_DATA_BITS: attribute(0x3fff0022, 'u16'),
  ASRL_PARITY: attribute(0x3fff0023, 'u16'),
  ASRL_STOP_BITS: attribute(0x3fff0024, 'u16'),
  ASRL_FLOW_CNTRL: attribute(0x3fff0025, 'u16'),
  ASRL_AVAIL_NUM: attribute(0x3fff00ac, 'u32'),
  ASRL_END_IN: attribute(0x3fff00b3, 'u16'),
  ASRL_END_OUT: attribute(0x3fff00b4, 'u16'),
  RD_BUF_SIZE: attribute(0x3fff002b, 'u32'),
  WR_BUF_SIZE: attribute(0x3fff002e, 'u32'),
  SUPPRESS_END_EN: attribute(0x3fff0036, 'bool'),
  TERMCHAR_EN: attribute(0x3fff0038, 'bool'),
  GPIB_SRQ_STATE: attribute(0x3fff0067, 'i16'),
  GPIB_PRIMARY_ADDR: attribute(0x3fff0172, 'u16'),
  GPIB_SECONDARY_ADDR: attribute(0x3fff0173, 'u16'),
  GPIB_REN_STATE: attribute(0x3fff0181, 'i16'),
  GPIB_UNADDR_EN: attribute(0x3fff0184, 'bool'),
  INTF_TYPE: attribute(0x3fff0171, 'u16'),
  INTF_NUM: attribute(0x3fff0176, 'u16'),
  INTF_INST_NAME: attribute(0xbfff00e9, 'string'),
  MANF_NAME: attribute(0xbfff0072, 'string'),
  MODEL_NAME: attribute(0xbfff0077, 'string'),
  MANF_ID: attribute(0x3fff00d9, 'u16'),
  MODEL_CODE: attribute(0x3fff00df, 'u16'),
  USB_SERIAL_NUM: attribute(0xbfff01a0, 'string'),
  TCPIP_ADDR: attribute(0xbfff0195, 'string'),
  TCPIP_HOSTNAME: attribute(0xbfff0196, 'string'),
  TCPIP_PORT: attribute(0x3fff0197, 'u16'),
  TCPIP_DEVICE_NAME: attribute(0xbfff0199, 'string'),
  TCPIP_NODELAY: attribute(0x3fff019a, 'bool'),
  TCPIP_KEEPALIVE: attribute(0x3fff019b, 'bool'),
  TCPIP_HISLIP_OVERLAP_EN: attribute(0x3fff0300, 'bool'),
  TCPIP_HISLIP_VERSION: attribute(0x3fff0301, 'u32'),
  TCPIP_HISLIP_MAX_MESSAGE_KB: attribute(0x3fff0302, 'u32'),
  TCPIP_IS_HISLIP: attribute(0x3fff0303, 'bool'),
} as const;

/** Room for any attribute: strings take up to 256 bytes, and a library that writes too wide a number does no harm. */
export const ATTRIBUTE_BYTES = 256;

/** Reads only the width of the type from what the library wrote into a zeroed buffer. */
export function decodeAttribute<Type extends AttributeType>(bytes: Buffer, type: Type): AttributeValue<Type>;
export function decodeAttribute(bytes: Buffer, type: AttributeType): string | number | bigint | boolean {
  switch (type) {
    case 'u8':
      return bytes.readUInt8();
    case 'bool':
      return native16(bytes) !== 0;
    case 'u16':
      return native16(bytes);
    case 'i16':
      return (native16(bytes) << 16) >> 16;
    case 'u32':
      return new Uint32Array(bytes.buffer, bytes.byteOffset, 1)[0];
    case 'u64':
      return new BigUint64Array(bytes.buffer, bytes.byteOffset, 1)[0];
    default:
      return cString(bytes);
  }
}

/** ViAttrState is unsigned and wider than most attributes: a negative number is passed as its 32-bit pattern. */
export function attributeState(value: number | bigint | boolean): bigint {
  return typeof value === 'bigint' ? BigInt.asUintN(64, value) : BigInt(Number(value) >>> 0);
}

/** The text before the first NUL. */
export function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

function native16(bytes: Buffer): number {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, 1)[0];
}
