/* Attributes, each written in its own width, and the texts of status codes. */
#include "visa-test.h"
#include <stdio.h>
#include <string.h>

static ViStatus text(void *value, const char *string) {
  snprintf(value, 256, "%s", string);
  return OK;
}
static ViStatus u8(void *value, uint8_t number) { return memcpy(value, &number, 1), OK; }
static ViStatus u16(void *value, uint16_t number) { return memcpy(value, &number, 2), OK; }
static ViStatus u32(void *value, uint32_t number) { return memcpy(value, &number, 4), OK; }

VISA ViStatus viGetAttribute(ViObject handle, ViAttr attribute, void *value) {
  struct object *object = object_of(handle, MANAGER, MESSAGES);
  if (!object) return INV_OBJECT;
  switch (attribute) {
    case 0xBFFF0174: return text(value, "tunnelbench test library");
    case 0x3FFF0175: return u16(value, 0x0FFE);
    case 0x3FFF0170: return u32(value, 0x00500800);
    case 0x3FFF0003: return u32(value, 0x00100203);
  }
  if (object->kind < STREAM) return NSUP_ATTR;
  int serial = object->address[0] == '/';
  switch (attribute) {
    case 0xBFFF0001: return text(value, object->kind == STREAM && !serial ? "SOCKET" : "INSTR");
    case 0xBFFF0002: return text(value, object->name);
    case 0x3FFF0171: return u16(value, interface_of(object));
    case 0x3FFF001A: return u32(value, object->timeout_ms);
    case 0x3FFF0018: return u8(value, object->termchar);
    case 0x3FFF0038: return u16(value, object->termchar_en);
    case 0x3FFF0016: return u16(value, object->send_end);
    case 0x3FFF0036: return u16(value, object->suppress_end);
    case 0x3FFF0067: return u16(value, 0xFFFF);
    case 0x3FFFF001: return u32(value, atomic_load(&overlaps));
    case 0x3FFFF002: return u32(value, atomic_load(&aborted_calls));
    case 0x3FFF00B3: return serial ? u16(value, object->asrl_end_in) : NSUP_ATTR;
  }
  return NSUP_ATTR;
}

static ViStatus boolean(uint8_t *place, ViAttrState value) {
  if (value > 1) return NSUP_ATTR_STATE;
  *place = value;
  return OK;
}

VISA ViStatus viSetAttribute(ViObject handle, ViAttr attribute, ViAttrState value) {
  struct object *object = object_of(handle, STREAM, MESSAGES);
  if (!object) return INV_OBJECT;
  /* ViAttrState is 64 bits wide: anything in its upper half is a caller that passed the wrong width. */
  if (value > 0xFFFFFFFFul) return NSUP_ATTR_STATE;
  switch (attribute) {
    case 0x3FFF001A: return object->timeout_ms = value, OK;
    case 0x3FFF0018: return value > 0xFF ? NSUP_ATTR_STATE : (object->termchar = value, OK);
    case 0x3FFF0038: return boolean(&object->termchar_en, value);
    case 0x3FFF0016: return boolean(&object->send_end, value);
    case 0x3FFF0036: return boolean(&object->suppress_end, value);
    case 0xBFFF0001:
    case 0x3FFF0171: return ATTR_READONLY;
  }
  if (object->address[0] != '/') return NSUP_ATTR;
  switch (attribute) {
    case 0x3FFF00B3: return object->asrl_end_in = value, OK;
    case 0x3FFF0021:
    case 0x3FFF0022:
    case 0x3FFF0023:
    case 0x3FFF0024:
    case 0x3FFF0025:
    case 0x3FFF00B4: return OK;
  }
  return NSUP_ATTR;
}

static const struct { ViStatus status; const char *text; } texts[] = {
  {OK, "Operation completed successfully."},
  {INV_OBJECT, "The given session or object reference is invalid."},
  {RSRC_LOCKED, "Specified type of lock cannot be obtained, or access is barred by another session's lock."},
  {RSRC_NFOUND, "The resource is not present in this test system."},
  {INV_RSRC_NAME, "The resource name cannot be parsed."},
  {TMO, "Timeout expired before the operation completed."},
  {NSUP_ATTR, "The attribute is not defined for this object."},
  {NSUP_OPER, "The session does not support this operation."},
  {SESN_NLOCKED, "The session holds no lock."},
  {ABORT, "The operation was aborted from another thread."},
  {CONN_LOST, "The connection of the session has been lost."},
};

VISA ViStatus viStatusDesc(ViObject handle, ViStatus status, char *description) {
  (void)handle;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (texts[i].status == status) return text(description, texts[i].text);
  }
  text(description, "Unknown status");
  return WARN_UNKNOWN_STATUS;
}
