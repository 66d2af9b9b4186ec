/** Names a library. It wins over the bench file: the file travels between machines, the variable does not. */
export const LIBRARY_VARIABLE = 'TUNNELBENCH_VISA_LIBRARY';

/** Where to look for a VISA library, and whether somebody named it: then nothing else is tried. */
export interface LibraryChoice {
  readonly candidates: readonly string[];
  /** What named it, for messages; null when the usual places of this system are tried. */
  readonly namedBy: string | null;
}

/** The library of the environment variable, else of the bench file, else the usual names and places of the system. */
export function chooseLibrary(
  configured: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): LibraryChoice {
  const variable = environment[LIBRARY_VARIABLE];
  if (variable) return { candidates: [variable], namedBy: LIBRARY_VARIABLE };
  if (configured) return { candidates: [configured], namedBy: 'visa.library in the bench file' };
  return { candidates: usualNames(platform, arch), namedBy: null };
}

/** Vendors' names, the one most often meant first. The process and the library must have the same word size. */
function usualNames(platform: NodeJS.Platform, arch: string): readonly string[] {
  switch (platform) {
    case 'win32':
      return arch === 'ia32' ? ['visa32.dll'] : ['visa64.dll', 'visa32.dll'];
    case 'darwin':
      return [
        '/Library/Frameworks/VISA.framework/VISA',
        '/Library/Frameworks/RsVisa.framework/Versions/Current/RsVisa/librsvisa.dylib',
        'libvisa.dylib',
      ];
    default:
      return [
        'libvisa.so',
        '/usr/local/vxipnp/linux/lib64/libvisa.so',
        'librsvisa.so',
        'libiovisa.so',
        'libktvisa32.so',
        // Last: on Debian and its relatives this name belongs to LibreVISA.
        'libvisa.so.0',
      ];
  }
}
