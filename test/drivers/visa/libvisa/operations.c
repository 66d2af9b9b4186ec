/* Reading, writing, clear, status byte, trigger, service requests. */
#include "visa-test.h"
#include <stdlib.h>
#include <string.h>

ViStatus check_lock(ViSession handle, const char *name);

static ViStatus begin(ViSession handle, struct object **session) {
  ViStatus status = enter(handle, session);
  if (status != OK) return status;
  status = check_lock(handle, (*session)->name);
  if (status != OK) leave(*session);
  return status;
}

VISA ViStatus viRead(ViSession handle, uint8_t *bytes, ViUInt32 count, ViUInt32 *read) {
  struct object *session;
  ViStatus status = begin(handle, &session);
  *read = 0;
  if (status != OK) return status;
  int64_t deadline = deadline_of(session->timeout_ms);
  status = OK;
  for (int done = count == 0; !done;) {
    if (session->head == session->tail) {
      status = session->lost ? CONN_LOST : pump(session, deadline);
      if (status != OK) break;
      continue;
    }
    uint16_t next = session->received[session->head++];
    bytes[(*read)++] = next & 0xFF;
    done = 1;
    if (next & 0x100) status = OK;
    else if (session->termchar_en && (next & 0xFF) == session->termchar) status = SUCCESS_TERM_CHAR;
    else if (*read == count) status = SUCCESS_MAX_CNT;
    else done = 0;
  }
  leave(session);
  return status;
}

VISA ViStatus viWrite(ViSession handle, const uint8_t *bytes, ViUInt32 count, ViUInt32 *written) {
  struct object *session;
  size_t sent = 0;
  ViStatus status = begin(handle, &session);
  *written = 0;
  if (status != OK) return status;
  if (session->kind == STREAM) status = send_all(session, bytes, count, &sent);
  else if ((status = send_frame(session, 'D', session->send_end, bytes, count)) == OK) sent = count;
  *written = sent;
  leave(session);
  return status;
}

VISA ViStatus viClear(ViSession handle) {
  struct object *session;
  ViStatus status = begin(handle, &session);
  if (status != OK) return status;
  session->head = session->tail = 0;
  if (session->kind == MESSAGES) {
    session->clear_acknowledged = 0;
    int64_t deadline = deadline_of(session->timeout_ms);
    status = send_frame(session, 'C', 0, NULL, 0);
    while (status == OK && !session->clear_acknowledged) status = pump(session, deadline);
    session->head = session->tail = 0;
  }
  leave(session);
  return status;
}

VISA ViStatus viReadSTB(ViSession handle, ViUInt16 *byte) {
  struct object *session;
  ViStatus status = begin(handle, &session);
  if (status != OK) return status;
  if (session->kind == MESSAGES) {
    session->status_byte = -1;
    int64_t deadline = deadline_of(session->timeout_ms);
    status = send_frame(session, 'S', 0, NULL, 0);
    while (status == OK && session->status_byte < 0) status = pump(session, deadline);
    /* Only the low eight bits are promised. */
    if (status == OK) *byte = 0x5500 | session->status_byte;
  } else {
    status = NSUP_OPER;
  }
  leave(session);
  return status;
}

VISA ViStatus viAssertTrigger(ViSession handle, ViUInt16 protocol) {
  struct object *session;
  ViStatus status = begin(handle, &session);
  if (status != OK) return status;
  status = session->kind == MESSAGES && protocol == 0 ? send_frame(session, 'T', 0, NULL, 0) : NSUP_OPER;
  leave(session);
  return status;
}


#ifndef WITHOUT_TERMINATE
VISA ViStatus viTerminate(ViObject handle, ViUInt16 degree, ViUInt32 job) {
  struct object *session = object_of(handle, STREAM, MESSAGES);
  if (!session) return INV_OBJECT;
  if (degree != 0 || job != 0) return FAILED(0x1C);
  if (atomic_load(&session->busy) > 0) atomic_store(&session->aborted, 1);
  return OK;
}
#endif

#define SERVICE_REQUEST 0x3FFF200B
#define ALL_ENABLED 0x3FFF7FFF
#define QUEUE 1
#define ALL_MECHANISMS 0xFFFF

static int concerns_queue(ViEventType type, ViUInt16 mechanism) {
  return (type == SERVICE_REQUEST || type == ALL_ENABLED) && (mechanism == QUEUE || mechanism == ALL_MECHANISMS);
}

VISA ViStatus viEnableEvent(ViSession handle, ViEventType type, ViUInt16 mechanism, ViUInt32 filter) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  if (session->kind != MESSAGES || type != SERVICE_REQUEST || mechanism != QUEUE || filter != 0) status = INV_EVENT;
  else if (session->events_enabled) status = SUCCESS_EVENT_EN;
  else session->events_enabled = 1;
  leave(session);
  return status;
}

VISA ViStatus viDisableEvent(ViSession handle, ViEventType type, ViUInt16 mechanism) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  if (!concerns_queue(type, mechanism)) status = INV_EVENT;
  else if (!session->events_enabled) status = SUCCESS_EVENT_DIS;
  session->events_enabled = 0;
  leave(session);
  return status;
}

VISA ViStatus viDiscardEvents(ViSession handle, ViEventType type, ViUInt16 mechanism) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  if (!concerns_queue(type, mechanism)) status = INV_EVENT;
  session->requests = 0;
  leave(session);
  return status;
}

VISA ViStatus viWaitOnEvent(ViSession handle, ViEventType type, ViUInt32 timeout_ms, ViEventType *out, ViObject *event) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  int64_t deadline = deadline_of(timeout_ms);
  *event = 0;
  *out = 0;
  if (!session->events_enabled || type != SERVICE_REQUEST) status = NENABLED;
  while (status == OK && session->requests == 0) status = pump(session, deadline);
  if (status == OK) {
    session->requests--;
    *out = SERVICE_REQUEST;
    *event = new_object(EVENT);
  }
  leave(session);
  return status;
}
