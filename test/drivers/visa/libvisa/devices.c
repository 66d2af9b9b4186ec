/* What is behind a session: a socket, a serial device, or a message link.
 *
 * A message link carries frames of a type byte, a control byte, a big-endian length and data, both ways:
 * D data (control 1: END follows the last byte), C device clear (answered with C), S status byte (answered with S,
 * control: the byte), T trigger, R service request (from the instrument). */
#include "visa-test.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static ViStatus open_serial(struct object *session) {
  session->fd = open(session->address, O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (session->fd < 0) return RSRC_NFOUND;
  struct termios settings;
  if (tcgetattr(session->fd, &settings) == 0) {
    cfmakeraw(&settings);
    tcsetattr(session->fd, TCSANOW, &settings);
  }
  return OK;
}

ViStatus open_device(struct object *session, uint32_t timeout_ms) {
  if (session->address[0] == '/') return open_serial(session);
  char host[256];
  strcpy(host, session->address);
  char *colon = strrchr(host, ':');
  if (!colon) return INV_RSRC_NAME;
  *colon = 0;
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(host, colon + 1, &hints, &found) != 0) return RSRC_NFOUND;
  session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int refused = connect(session->fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS;
  freeaddrinfo(found);
  if (refused) return RSRC_NFOUND;
  struct pollfd wait = {.fd = session->fd, .events = POLLOUT};
  if (poll(&wait, 1, timeout_ms == 0 ? 2000 : (int)timeout_ms) != 1) return TMO;
  int error = 0, on = 1;
  socklen_t size = sizeof error;
  getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return error == 0 ? OK : RSRC_NFOUND;
}

static void keep(struct object *session, uint16_t value) {
  if (session->tail == session->room) {
    memmove(session->received, session->received + session->head, 2 * (session->tail - session->head));
    session->tail -= session->head;
    session->head = 0;
    if (session->tail * 2 >= session->room) {
      session->room = session->room ? session->room * 2 : 4096;
      session->received = realloc(session->received, 2 * session->room);
    }
  }
  session->received[session->tail++] = value;
}

/* Takes the whole frames out of what has arrived. */
static void unframe(struct object *session) {
  size_t at = 0;
  const uint8_t *frame = session->frame;
  while (session->framed - at >= 6) {
    uint32_t length = (uint32_t)frame[at + 2] << 24 | frame[at + 3] << 16 | frame[at + 4] << 8 | frame[at + 5];
    if (session->framed - at - 6 < length) break;
    uint8_t type = frame[at], control = frame[at + 1];
    if (type == 'D') {
      for (uint32_t i = 0; i < length; i++) {
        keep(session, frame[at + 6 + i] | (control && i + 1 == length && !session->suppress_end ? 0x100 : 0));
      }
    }
    if (type == 'C') session->clear_acknowledged = 1;
    if (type == 'S') session->status_byte = control;
    if (type == 'R' && session->events_enabled) session->requests++;
    at += 6 + length;
  }
  memmove(session->frame, session->frame + at, session->framed - at);
  session->framed -= at;
}

ViStatus pump(struct object *session, int64_t deadline) {
  for (;;) {
    if (atomic_exchange(&session->aborted, 0)) return atomic_fetch_add(&aborted_calls, 1), ABORT;
    int64_t left = deadline - now_ms();
    struct pollfd wait = {.fd = session->fd, .events = POLLIN};
    /* In short steps, so that an abort from another thread is seen. */
    if (poll(&wait, 1, left <= 0 ? 0 : left < 5 ? (int)left : 5) == 1) break;
    if (left <= 0) return TMO;
  }
  if (session->kind == STREAM) {
    uint8_t bytes[16384];
    ssize_t count = read(session->fd, bytes, sizeof bytes);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return session->lost = 1, CONN_LOST;
    for (ssize_t i = 0; i < count; i++) keep(session, bytes[i]);
    return OK;
  }
  ssize_t count = read(session->fd, session->frame + session->framed, sizeof session->frame - session->framed);
  if (count == 0 || (count < 0 && errno != EAGAIN)) return session->lost = 1, CONN_LOST;
  if (count > 0) session->framed += count;
  unframe(session);
  return OK;
}

ViStatus send_all(struct object *session, const uint8_t *bytes, size_t count, size_t *sent) {
  int64_t deadline = deadline_of(session->timeout_ms);
  *sent = 0;
  while (*sent < count) {
    if (atomic_exchange(&session->aborted, 0)) return ABORT;
    ssize_t done = session->address[0] == '/' ? write(session->fd, bytes + *sent, count - *sent)
                                              : send(session->fd, bytes + *sent, count - *sent, MSG_NOSIGNAL);
    if (done > 0) {
      *sent += done;
      continue;
    }
    if (errno != EAGAIN) return CONN_LOST;
    if (now_ms() >= deadline) return TMO;
    struct pollfd wait = {.fd = session->fd, .events = POLLOUT};
    poll(&wait, 1, 5);
  }
  return OK;
}

ViStatus send_frame(struct object *session, char type, uint8_t control, const uint8_t *bytes, uint32_t count) {
  uint8_t header[6] = {type, control, count >> 24, count >> 16, count >> 8, count};
  size_t sent;
  ViStatus status = send_all(session, header, 6, &sent);
  return status == OK ? send_all(session, bytes, count, &sent) : status;
}
