/** A name beside a wafer file: beside('a/w.sqlite', '-report') is 'a/w-report'. */
export function beside(file: string, ending: string): string {
  return file.replace(/(\.sqlite)?$/, ending);
}
