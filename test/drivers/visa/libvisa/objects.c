/* Handles, resource names, find lists, opening and closing. */
#include "visa-test.h"
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define OBJECTS 512
#define FIRST 0x1000
static struct object *objects[OBJECTS];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
atomic_int overlaps, aborted_calls;

int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t deadline_of(uint32_t timeout_ms) { return timeout_ms == 0xFFFFFFFFu ? INT64_MAX : now_ms() + timeout_ms; }

struct object *object_of(ViObject handle, enum kind low, enum kind high) {
  struct object *object = NULL;
  pthread_mutex_lock(&table);
  if (handle >= FIRST && handle < FIRST + OBJECTS) object = objects[handle - FIRST];
  pthread_mutex_unlock(&table);
  return object && object->kind >= low && object->kind <= high ? object : NULL;
}

ViObject new_object(enum kind kind) {
  struct object *object = calloc(1, sizeof *object);
  object->kind = kind;
  object->fd = -1;
  object->timeout_ms = 2000;
  object->termchar = '\n';
  object->send_end = 1;
  object->asrl_end_in = 2;
  object->status_byte = -1;
  pthread_mutex_lock(&table);
  for (int i = 0; i < OBJECTS; i++) {
    if (objects[i]) continue;
    objects[i] = object;
    pthread_mutex_unlock(&table);
    return FIRST + i;
  }
  pthread_mutex_unlock(&table);
  free(object);
  return 0;
}

void free_object(struct object *object) {
  pthread_mutex_lock(&table);
  for (int i = 0; i < OBJECTS; i++) {
    if (objects[i] == object) objects[i] = NULL;
  }
  pthread_mutex_unlock(&table);
  if (object->fd >= 0) close(object->fd);
  for (int i = 0; i < object->found_count; i++) free(object->found[i]);
  free(object->found);
  free(object->received);
  free(object);
}

/* A second call on a session while one runs is counted: the caller promised that this never happens. */
ViStatus enter(ViSession handle, struct object **session) {
  *session = object_of(handle, STREAM, MESSAGES);
  if (!*session) return INV_OBJECT;
  if (atomic_fetch_add(&(*session)->busy, 1) > 0) atomic_fetch_add(&overlaps, 1);
  atomic_store(&(*session)->aborted, 0);
  return OK;
}

void leave(struct object *session) { atomic_fetch_sub(&session->busy, 1); }

VISA ViStatus viOpenDefaultRM(ViSession *manager) {
  *manager = new_object(MANAGER);
  return OK;
}

/* "name=host:port" lines: resources with a message link behind them. */
static int configured(int index, char *name, char *address) {
  const char *text = getenv("TEST_LIBVISA_RESOURCES");
  for (int at = 0; text && *text; at++) {
    size_t length = strcspn(text, "\n");
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    char *equals = strchr(line, '=');
    if (at == index && equals) {
      snprintf(name, 256, "%.*s", (int)(equals - line), line);
      snprintf(address, 256, "%s", equals + 1);
      return 1;
    }
    text += length + (text[length] == '\n');
  }
  return 0;
}

/* VISA's "?" is any one character; the rest of its expressions are those of POSIX. */
static int compile(const char *expression, regex_t *regex) {
  char posix[600] = "^(";
  size_t at = 2;
  for (; *expression && at < 590; expression++) posix[at++] = *expression == '?' ? '.' : *expression;
  strcpy(posix + at, ")$");
  return regcomp(regex, posix, REG_EXTENDED | REG_ICASE | REG_NOSUB);
}

VISA ViStatus viFindRsrc(ViSession manager, const char *expression, ViObject *list, ViUInt32 *count, char *name) {
  if (!object_of(manager, MANAGER, MANAGER)) return INV_OBJECT;
  regex_t regex;
  if (compile(expression, &regex) != 0) return INV_EXPR;
  ViObject handle = new_object(FIND_LIST);
  struct object *found = object_of(handle, FIND_LIST, FIND_LIST);
  char each[256], address[256];
  for (int i = 0; configured(i, each, address); i++) {
    if (regexec(&regex, each, 0, NULL, 0) != 0) continue;
    found->found = realloc(found->found, sizeof(char *) * (found->found_count + 1));
    found->found[found->found_count++] = strdup(each);
  }
  regfree(&regex);
  *count = found->found_count;
  *list = handle;
  if (found->found_count > 0) {
    strcpy(name, found->found[0]);
    found->found_next = 1;
    return OK;
  }
  free_object(found);
  return RSRC_NFOUND;
}

VISA ViStatus viFindNext(ViObject list, char *name) {
  struct object *found = object_of(list, FIND_LIST, FIND_LIST);
  if (!found) return INV_OBJECT;
  if (found->found_next >= found->found_count) return RSRC_NFOUND;
  strcpy(name, found->found[found->found_next++]);
  return OK;
}

/* GPIB 1, serial 4, TCP/IP 6 */
uint16_t interface_of(const struct object *session) {
  if (session->address[0] == '/') return 4;
  return strncasecmp(session->name, "GPIB", 4) == 0 ? 1 : 6;
}

static ViStatus resolve(const char *name, struct object *session) {
  char each[256], address[256], host[200];
  int port;
  snprintf(session->name, sizeof session->name, "%s", name);
  for (int i = 0; configured(i, each, address); i++) {
    if (strcasecmp(each, name) != 0) continue;
    session->kind = MESSAGES;
    strcpy(session->address, address);
    return OK;
  }
  if (sscanf(name, "%*[TCPIPtcpip]%*[0-9]::%199[^:]::%d::SOCKET", host, &port) == 2) {
    session->kind = STREAM;
    snprintf(session->address, sizeof session->address, "%s:%d", host, port);
    return OK;
  }
  if (strncasecmp(name, "ASRL/", 5) == 0) {
    session->kind = STREAM;
    snprintf(session->address, sizeof session->address, "%.*s", (int)strcspn(name + 4, ":"), name + 4);
    return OK;
  }
  return strstr(name, "::") ? RSRC_NFOUND : INV_RSRC_NAME;
}

VISA ViStatus viParseRsrcEx(ViSession manager, const char *name, ViUInt16 *type, ViUInt16 *board, char *class,
                            char *expanded, char *alias) {
  if (!object_of(manager, MANAGER, MANAGER)) return INV_OBJECT;
  struct object parsed = {.kind = MESSAGES};
  ViStatus status = resolve(name, &parsed);
  if (status != OK) return status;
  int serial = parsed.address[0] == '/';
  *type = interface_of(&parsed);
  *board = 0;
  strcpy(class, parsed.kind == STREAM && !serial ? "SOCKET" : "INSTR");
  strcpy(expanded, name);
  alias[0] = 0;
  return OK;
}

VISA ViStatus viOpen(ViSession manager, const char *name, ViUInt32 mode, ViUInt32 timeout_ms, ViSession *opened) {
  (void)mode;
  *opened = 0;
  if (!object_of(manager, MANAGER, MANAGER)) return INV_OBJECT;
  ViSession handle = new_object(STREAM);
  struct object *session = object_of(handle, STREAM, STREAM);
  ViStatus status = resolve(name, session);
  if (status == OK) status = open_device(session, timeout_ms);
  if (status == OK) *opened = handle;
  else free_object(session);
  return status;
}

VISA ViStatus viClose(ViObject handle) {
  if (handle == 0) return WARN_NULL_OBJECT;
  struct object *object = object_of(handle, MANAGER, MESSAGES);
  if (!object) return INV_OBJECT;
  if (object->kind == STREAM || object->kind == MESSAGES) {
    if (atomic_load(&object->busy) > 0) atomic_fetch_add(&overlaps, 1);
    release_lock(handle);
  }
  free_object(object);
  return OK;
}
