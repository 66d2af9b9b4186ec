/* Exclusive and shared locks on a resource, shared by all sessions to it. */
#include "visa-test.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LOCKS 64
static struct resource_lock locks[LOCKS];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static struct resource_lock *lock_of(const char *name) {
  struct resource_lock *empty = NULL;
  for (int i = 0; i < LOCKS; i++) {
    if (strcasecmp(locks[i].name, name) == 0) return &locks[i];
    if (!empty && locks[i].name[0] == 0) empty = &locks[i];
  }
  snprintf(empty->name, sizeof empty->name, "%s", name);
  return empty;
}

static void forget_if_free(struct resource_lock *lock) {
  if (lock->depth == 0 && lock->shared == 0) memset(lock, 0, sizeof *lock);
}

ViStatus check_lock(ViSession handle, const char *name) {
  struct object *session = object_of(handle, STREAM, MESSAGES);
  pthread_mutex_lock(&guard);
  struct resource_lock *lock = lock_of(name);
  int barred = (lock->depth > 0 && lock->owner != handle) || (lock->shared > 0 && session->holds_shared == 0);
  forget_if_free(lock);
  pthread_mutex_unlock(&guard);
  return barred ? RSRC_LOCKED : OK;
}

static ViStatus try_lock(ViSession handle, struct object *session, ViUInt32 type, const char *key, char *access) {
  ViStatus status = RSRC_LOCKED;
  pthread_mutex_lock(&guard);
  struct resource_lock *lock = lock_of(session->name);
  if (type == 1 && (lock->depth == 0 ? lock->shared == session->holds_shared : lock->owner == handle)) {
    status = lock->depth > 0 ? SUCCESS_NESTED_EXCLUSIVE : OK;
    lock->owner = handle;
    lock->depth++;
  } else if (type == 2 && (lock->depth == 0 || lock->owner == handle)) {
    const char *wanted = key ? key : "test-key";
    if (lock->shared == 0) snprintf(lock->key, sizeof lock->key, "%s", wanted);
    if (strcmp(lock->key, wanted) == 0) {
      status = session->holds_shared ? SUCCESS_NESTED_SHARED : OK;
      lock->shared++;
      session->holds_shared++;
      if (access) snprintf(access, 256, "%s", lock->key);
    }
  }
  forget_if_free(lock);
  pthread_mutex_unlock(&guard);
  return status;
}

VISA ViStatus viLock(ViSession handle, ViUInt32 type, ViUInt32 timeout_ms, const char *key, char *access) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  int64_t deadline = deadline_of(timeout_ms);
  status = type == 1 || type == 2 ? RSRC_LOCKED : INV_LOCK_TYPE;
  while (status == RSRC_LOCKED) {
    status = try_lock(handle, session, type, key, access);
    if (status != RSRC_LOCKED) break;
    if (atomic_exchange(&session->aborted, 0)) status = ABORT;
    else if (now_ms() >= deadline) status = TMO;
    else usleep(2000);
  }
  leave(session);
  return status;
}

VISA ViStatus viUnlock(ViSession handle) {
  struct object *session;
  ViStatus status = enter(handle, &session);
  if (status != OK) return status;
  status = SESN_NLOCKED;
  pthread_mutex_lock(&guard);
  struct resource_lock *lock = lock_of(session->name);
  if (lock->depth > 0 && lock->owner == handle) {
    lock->depth--;
    status = OK;
  } else if (session->holds_shared > 0) {
    session->holds_shared--;
    lock->shared--;
    status = OK;
  }
  forget_if_free(lock);
  pthread_mutex_unlock(&guard);
  leave(session);
  return status;
}

/* A session that closes gives up what it holds. */
void release_lock(ViSession handle) {
  while (viUnlock(handle) == OK) {
  }
}
