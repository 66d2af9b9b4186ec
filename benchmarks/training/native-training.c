/*
 * The training step of training/kernels, written for AVX2 as its limit: what a compiled program reaches on the same
 * work. Network 100-90-10, batch 100. Used by benchmarks/training.ts, which writes the data folder and sends one
 * request a line, "<mode> <steps>"; the answer is "<processor seconds> <mean loss>".
 *
 *   gcc -O3 -mavx2 -mfma -o native-training native-training.c -lm
 */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INPUTS = 100, HIDDEN = 90, OUTPUTS = 10, BATCH = 100, HP = 96, OP = 16, ROWS = INPUTS + OUTPUTS };
enum { MAX_DEFECTS = 200000, GAPS = 1024 };

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t i8 __attribute__((vector_size(32)));
typedef uint32_t u8v __attribute__((vector_size(32)));
typedef struct { uint32_t row; float value; } Entry;
typedef struct { uint32_t weight, unit; float x, effective; } Defect1;
typedef struct { uint32_t weight, unit, output; float effective; } Defect2;

static const float GAIN1 = 0.4f, GAIN2 = 0.42163702f;
static uint32_t images, *image_start, *order;
static Entry *entries;
static uint8_t *labels;
static float *initial;

static float weights[ROWS * HP] __attribute__((aligned(64))), forward2[HIDDEN * OP] __attribute__((aligned(64)));
static float latent[ROWS * HP] __attribute__((aligned(64))), m1[ROWS * HP] __attribute__((aligned(64)));
static float m2[ROWS * HP] __attribute__((aligned(64))), grad[ROWS * HP] __attribute__((aligned(64)));
static float act[BATCH * HP] __attribute__((aligned(64))), err[BATCH * HP] __attribute__((aligned(64)));
static float out[BATCH * OP] __attribute__((aligned(64)));
static Entry column[INPUTS][BATCH];
static uint32_t column_end[INPUTS];
static Defect1 defects1[MAX_DEFECTS];
static Defect2 defects2[MAX_DEFECTS];
static uint32_t start1[BATCH + 1], start2[BATCH + 1];
static u8v rng[4];
static uint32_t gap_value[GAPS], gap_sign[GAPS], gap_next = GAPS;
static float inverse_log;

static inline v8 splat(float x) { return (v8){x, x, x, x, x, x, x, x}; }
static inline v8 vmin(v8 a, v8 b) { return _mm256_min_ps(a, b); }
static inline v8 vmax(v8 a, v8 b) { return _mm256_max_ps(a, b); }
static inline v8 load(const float *p) { return *(const v8 *)p; }
static inline void store(float *p, v8 v) { *(v8 *)p = v; }

static inline v8 tanh8(v8 a) {
  v8 x = vmax(splat(-7.905311f), vmin(splat(7.905311f), a)), y = x * x;
  v8 p = splat(-2.76076847742355e-16f);
  p = p * y + 2.00018790482477e-13f;
  p = p * y - 8.60467152213735e-11f;
  p = p * y + 5.12229709037114e-8f;
  p = p * y + 1.48572235717979e-5f;
  p = p * y + 6.37261928875436e-4f;
  p = p * y + 4.89352455891786e-3f;
  v8 q = splat(1.19825839466702e-6f);
  q = q * y + 1.18534705686654e-4f;
  q = q * y + 2.26843463243900e-3f;
  q = q * y + 4.89352518554385e-3f;
  return p * x / q;
}

static inline v8 log8(v8 x) {
  i8 biased = (i8)x + (0x3f800000 - 0x3f3504f3);
  v8 e = __builtin_convertvector((i8)((u8v)biased >> 23) - 127, v8);
  v8 m = (v8)((biased & 0x007fffff) + 0x3f3504f3) - 1.0f, z = m * m;
  v8 p = splat(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  return m + (p * z * m + e * -2.12194440e-4f - 0.5f * z) + e * 0.693359375f;
}

/* out = sum of value x row over a list: all 96 hidden lanes in twelve registers. */
static void weighted_sum(const Entry *list, const Entry *end, const float *rows, float *to) {
  v8 c[12];
  for (int i = 0; i < 12; i++) c[i] = splat(0);
  for (; list < end; list++) {
    const float *row = rows + (size_t)list->row * HP;
    v8 x = splat(list->value);
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) c[i] += x * load(row + 8 * i);
  }
  for (int i = 0; i < 12; i++) store(to + 8 * i, c[i]);
}

static u8v rotate(u8v x, int by) { return (x << by) | (x >> (32 - by)); }

static void refill_gaps(void) {
  for (int at = 0; at < GAPS; at += 8) {
    u8v bits = rotate(rng[1] * 5, 7) * 9, t = rng[1] << 9;
    rng[2] ^= rng[0];
    rng[3] ^= rng[1];
    rng[1] ^= rng[2];
    rng[0] ^= rng[3];
    rng[2] ^= t;
    rng[3] = rotate(rng[3], 11);
    v8 u = (__builtin_convertvector((i8)(bits >> 9), v8) + 0.5f) * 1.1920929e-7f;
    i8 gap = __builtin_convertvector(log8(u) * inverse_log, i8);
    memcpy(gap_value + at, &gap, 32);
    u8v sign = bits << 31;
    memcpy(gap_sign + at, &sign, 32);
  }
  gap_next = 0;
}

static inline uint32_t next_gap(void) {
  if (gap_next == GAPS) refill_gaps();
  return gap_next++;
}

static inline float saturated(float w_sat, uint32_t gap) {
  union { float f; uint32_t u; } worth = {w_sat};
  worth.u ^= gap_sign[gap];
  return worth.f;
}

static void draw_maps(const uint32_t *batch, float w_sat) {
  uint32_t n = 0, gap = next_gap(), position = gap_value[gap];
  for (int b = 0; b < BATCH; b++) {
    start1[b] = n;
    const Entry *list = entries + image_start[batch[b]];
    uint32_t positions = (image_start[batch[b] + 1] - image_start[batch[b]]) * HIDDEN;
    while (position < positions) {
      uint32_t nth = position / HIDDEN, unit = position - nth * HIDDEN;
      defects1[n++] = (Defect1){list[nth].row * HP + unit, unit, list[nth].value, saturated(w_sat, gap)};
      gap = next_gap();
      position += 1 + gap_value[gap];
    }
    position -= positions;
  }
  start1[BATCH] = n;
  n = 0;
  gap = next_gap();
  position = gap_value[gap];
  for (int b = 0; b < BATCH; b++) {
    start2[b] = n;
    while (position < HIDDEN * OUTPUTS) {
      uint32_t k = position / HIDDEN, unit = position - k * HIDDEN;
      defects2[n++] = (Defect2){(INPUTS + k) * HP + unit, unit, k, saturated(w_sat, gap)};
      gap = next_gap();
      position += 1 + gap_value[gap];
    }
    position -= HIDDEN * OUTPUTS;
  }
  start2[BATCH] = n;
}

static void forward_hidden(const uint32_t *batch, int with_defects) {
  for (int b = 0; b < BATCH; b++) {
    float *a = act + b * HP;
    weighted_sum(entries + image_start[batch[b]], entries + image_start[batch[b] + 1], weights, a);
    if (!with_defects) continue;
    for (uint32_t d = start1[b]; d < start1[b + 1]; d++) {
      a[defects1[d].unit] += defects1[d].x * (defects1[d].effective - weights[defects1[d].weight]);
    }
  }
  for (int i = 0; i < BATCH * HP; i += 8) store(act + i, tanh8(GAIN1 * load(act + i)));
}

static void forward_output(int with_defects) {
  for (int b = 0; b < BATCH; b += 4) {
    v8 c[4][2] = {{{0}}};
    for (int j = 0; j < HIDDEN; j++) {
      v8 w0 = load(forward2 + j * OP), w1 = load(forward2 + j * OP + 8);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        v8 h = splat(act[(b + i) * HP + j]);
        c[i][0] += h * w0;
        c[i][1] += h * w1;
      }
    }
    for (int i = 0; i < 4; i++) {
      store(out + (b + i) * OP, c[i][0]);
      store(out + (b + i) * OP + 8, c[i][1]);
    }
  }
  if (!with_defects) return;
  for (int b = 0; b < BATCH; b++) {
    for (uint32_t d = start2[b]; d < start2[b + 1]; d++) {
      float difference = defects2[d].effective - weights[defects2[d].weight];
      out[b * OP + defects2[d].output] += act[b * HP + defects2[d].unit] * difference;
    }
  }
}

static double loss_and_error(const uint32_t *batch) {
  double total = 0;
  for (int b = 0; b < BATCH; b++) {
    float *z = out + b * OP, most = -INFINITY, sum = 0, e[OUTPUTS];
    int label = labels[batch[b]];
    for (int k = 0; k < OUTPUTS; k++) {
      z[k] *= GAIN2;
      most = z[k] > most ? z[k] : most;
    }
    for (int k = 0; k < OUTPUTS; k++) sum += e[k] = expf(z[k] - most);
    total += logf(sum) + most - z[label];
    for (int k = 0; k < OUTPUTS; k++) z[k] = GAIN2 / BATCH * (e[k] / sum - (k == label));
    for (int k = OUTPUTS; k < OP; k++) z[k] = 0;
  }
  return total / BATCH;
}

static void backward(const uint32_t *batch, int with_defects) {
  const float *w2 = weights + INPUTS * HP;
  for (int b = 0; b < BATCH; b += 2) {
    for (int lane = 0; lane < HP; lane += 48) {
      v8 c[2][6] = {{{0}}};
      for (int k = 0; k < OUTPUTS; k++) {
        v8 d0 = splat(out[b * OP + k]), d1 = splat(out[(b + 1) * OP + k]);
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
          v8 w = load(w2 + k * HP + lane + 8 * i);
          c[0][i] += d0 * w;
          c[1][i] += d1 * w;
        }
      }
      for (int i = 0; i < 6; i++) {
        store(err + b * HP + lane + 8 * i, c[0][i]);
        store(err + (b + 1) * HP + lane + 8 * i, c[1][i]);
      }
    }
  }
  for (int b = 0; with_defects && b < BATCH; b++) {
    for (uint32_t d = start2[b]; d < start2[b + 1]; d++) {
      float difference = defects2[d].effective - weights[defects2[d].weight];
      err[b * HP + defects2[d].unit] += out[b * OP + defects2[d].output] * difference;
    }
  }
  for (int i = 0; i < BATCH * HP; i += 8) {
    v8 h = load(act + i);
    store(err + i, GAIN1 * load(err + i) * (1.0f - h * h));
  }
  for (int k = 0; k < OUTPUTS; k += 2) {
    for (int lane = 0; lane < HP; lane += 48) {
      v8 c[2][6] = {{{0}}};
      for (int b = 0; b < BATCH; b++) {
        v8 d0 = splat(out[b * OP + k]), d1 = splat(out[b * OP + k + 1]);
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
          v8 h = load(act + b * HP + lane + 8 * i);
          c[0][i] += d0 * h;
          c[1][i] += d1 * h;
        }
      }
      for (int i = 0; i < 6; i++) {
        store(grad + (INPUTS + k) * HP + lane + 8 * i, c[0][i]);
        store(grad + (INPUTS + k + 1) * HP + lane + 8 * i, c[1][i]);
      }
    }
  }
  memset(column_end, 0, sizeof column_end);
  for (uint32_t b = 0; b < BATCH; b++) {
    for (uint32_t e = image_start[batch[b]]; e < image_start[batch[b] + 1]; e++) {
      uint32_t p = entries[e].row;
      column[p][column_end[p]++] = (Entry){b, entries[e].value};
    }
  }
  for (int p = 0; p < INPUTS; p++) weighted_sum(column[p], column[p] + column_end[p], err, grad + p * HP);
  for (int b = 0; with_defects && b < BATCH; b++) {
    for (uint32_t d = start1[b]; d < start1[b + 1]; d++) {
      grad[defects1[d].weight] -= defects1[d].x * err[b * HP + defects1[d].unit];
    }
    for (uint32_t d = start2[b]; d < start2[b + 1]; d++) {
      grad[defects2[d].weight] -= act[b * HP + defects2[d].unit] * out[b * OP + defects2[d].output];
    }
  }
}

static void refresh(void) {
  for (int i = 0; i < ROWS * HP; i += 8) {
    v8 negative = _mm256_cmp_ps(load(latent + i), splat(0), _CMP_LT_OQ);
    store(weights + i, _mm256_blendv_ps(splat(1), splat(-1), negative));
  }
  for (int k = 0; k < OUTPUTS; k++) {
    for (int j = 0; j < HIDDEN; j++) forward2[j * OP + k] = weights[(INPUTS + k) * HP + j];
  }
}

static void adam(float rate, float second_scale) {
  for (int i = 0; i < ROWS * HP; i += 8) {
    v8 g = load(grad + i);
    v8 m = 0.9f * load(m1 + i) + 0.1f * g, v = 0.999f * load(m2 + i) + 0.001f * g * g;
    store(m1 + i, m);
    store(m2 + i, v);
    v8 moved = load(latent + i) - rate * m / (_mm256_sqrt_ps(v) * second_scale + 1e-8f);
    store(latent + i, vmax(splat(-1), vmin(splat(1), moved)));
  }
  refresh();
}

static double run(int with_defects, int steps) {
  double beta1 = 1, beta2 = 1, total = 0;
  memcpy(latent, initial, sizeof latent);
  memset(m1, 0, sizeof m1);
  memset(m2, 0, sizeof m2);
  refresh();
  for (int s = 0; s < steps; s++) {
    const uint32_t *batch = order + s * BATCH;
    if (with_defects) draw_maps(batch, 5);
    forward_hidden(batch, with_defects);
    forward_output(with_defects);
    total += loss_and_error(batch);
    backward(batch, with_defects);
    beta1 *= 0.9;
    beta2 *= 0.999;
    adam(0.01 / (1 - beta1), 1 / sqrt(1 - beta2));
  }
  return total / steps;
}

static void *read_file(const char *folder, const char *name, size_t *bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *bytes = ftell(file);
  rewind(file);
  void *data = malloc(*bytes);
  if (data == NULL || fread(data, 1, *bytes, file) != *bytes) exit(1);
  fclose(file);
  return data;
}

static void read_data(const char *folder) {
  size_t bytes;
  float *dense = read_file(folder, "images.f32", &bytes);
  images = bytes / (4 * INPUTS);
  labels = read_file(folder, "labels.u8", &bytes);
  order = read_file(folder, "order.u32", &bytes);
  float *drawn = read_file(folder, "latents.f32", &bytes);
  initial = calloc(ROWS * HP, 4);
  for (int i = 0; i < INPUTS; i++) memcpy(initial + i * HP, drawn + i * HIDDEN, 4 * HIDDEN);
  for (int k = 0; k < OUTPUTS; k++) {
    for (int j = 0; j < HIDDEN; j++) initial[(INPUTS + k) * HP + j] = drawn[INPUTS * HIDDEN + j * OUTPUTS + k];
  }
  image_start = malloc(4 * (images + 1));
  entries = malloc(sizeof(Entry) * images * INPUTS);
  uint32_t n = 0;
  for (uint32_t i = 0; i < images; i++) {
    image_start[i] = n;
    for (uint32_t p = 0; p < INPUTS; p++) {
      float x = dense[i * INPUTS + p];
      if (x != 0) entries[n++] = (Entry){p, x};
    }
  }
  image_start[images] = n;
  free(dense);
  free(drawn);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  read_data(arguments[1]);
  srand(1);
  for (int w = 0; w < 4; w++) {
    for (int lane = 0; lane < 8; lane++) rng[w][lane] = (uint32_t)rand() * 2654435761u + 1;
  }
  inverse_log = (float)(1 / log1p(-0.005));
  char mode[64];
  int steps;
  while (scanf("%63s %d", mode, &steps) == 2) {
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    double loss = run(strcmp(mode, "statistics-aware") == 0, steps);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    printf("%.6f %.6f\n", to.tv_sec - from.tv_sec + 1e-9 * (to.tv_nsec - from.tv_nsec), loss);
    fflush(stdout);
  }
  return 0;
}
