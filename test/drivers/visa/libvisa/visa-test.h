/* A small VISA library of our own for the tests: the subset of VPP-4.3 that drivers/visa/ binds, over sockets, serial
 * devices and a framed message link. Types as in VPP-4.3.2, "VISA type assignments", for LP64 systems. */
#ifndef VISA_TEST_H
#define VISA_TEST_H
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t ViStatus;
typedef uint32_t ViObject, ViSession, ViUInt32, ViAttr, ViEventType;
typedef uint16_t ViUInt16;
typedef unsigned long ViAttrState;
#define VISA __attribute__((visibility("default")))

#define OK 0
#define SUCCESS_EVENT_EN 0x3FFF0002
#define SUCCESS_EVENT_DIS 0x3FFF0003
#define SUCCESS_TERM_CHAR 0x3FFF0005
#define SUCCESS_MAX_CNT 0x3FFF0006
#define SUCCESS_NESTED_EXCLUSIVE 0x3FFF009A
#define SUCCESS_NESTED_SHARED 0x3FFF0099
#define WARN_NULL_OBJECT 0x3FFF0082
#define WARN_UNKNOWN_STATUS 0x3FFF0085
#define FAILED(low) ((ViStatus)(0xBFFF0000u | (low)))
#define INV_OBJECT FAILED(0x0E)
#define RSRC_LOCKED FAILED(0x0F)
#define INV_EXPR FAILED(0x10)
#define RSRC_NFOUND FAILED(0x11)
#define INV_RSRC_NAME FAILED(0x12)
#define TMO FAILED(0x15)
#define NSUP_ATTR FAILED(0x1D)
#define NSUP_ATTR_STATE FAILED(0x1E)
#define ATTR_READONLY FAILED(0x1F)
#define INV_LOCK_TYPE FAILED(0x20)
#define INV_ACCESS_KEY FAILED(0x21)
#define INV_EVENT FAILED(0x26)
#define NENABLED FAILED(0x2F)
#define ABORT FAILED(0x30)
#define IO_ERROR FAILED(0x3E)
#define NSUP_OPER FAILED(0x67)
#define SESN_NLOCKED FAILED(0x9C)
#define CONN_LOST FAILED(0xA6)

enum kind { FREE, MANAGER, FIND_LIST, EVENT, STREAM, MESSAGES };
struct resource_lock { char name[256]; ViSession owner; int depth; char key[256]; int shared; };

/* One object of the library: a manager, a find list, an event context or a session. */
struct object {
  enum kind kind;
  char name[256];
  char address[256]; /* host:port or a device path */
  int fd;
  int lost;
  uint32_t timeout_ms;
  uint8_t termchar, termchar_en, send_end, suppress_end;
  uint16_t asrl_end_in;
  /* received bytes, bit 8 set on the last byte of a message */
  uint16_t *received;
  size_t head, tail, room;
  uint8_t frame[70000];
  size_t framed;
  int clear_acknowledged, status_byte; /* replies awaited from the message link */
  int requests, events_enabled;        /* service requests queued */
  atomic_int busy, aborted;
  char **found;
  int found_count, found_next;
  int holds_shared;
};

struct object *object_of(ViObject handle, enum kind low, enum kind high);
ViObject new_object(enum kind kind);
uint16_t interface_of(const struct object *session);
void free_object(struct object *object);
ViStatus open_device(struct object *session, uint32_t timeout_ms);
ViStatus enter(ViSession handle, struct object **session);
void leave(struct object *session);
void release_lock(ViSession session);
extern atomic_int overlaps, aborted_calls;
int64_t now_ms(void);
/* Takes in what arrives until the deadline or something came; OK, TMO, ABORT or CONN_LOST. */
ViStatus pump(struct object *session, int64_t deadline);
ViStatus send_all(struct object *session, const uint8_t *bytes, size_t count, size_t *sent);
ViStatus send_frame(struct object *session, char type, uint8_t control, const uint8_t *bytes, uint32_t count);
int64_t deadline_of(uint32_t timeout_ms);
#endif
