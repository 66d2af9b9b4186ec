import type { VisaLibrary } from './resource-manager.ts';

/** Who made a VISA library, in words, e.g. for a provenance. */
export function libraryText({ path, manufacturer, specVersion, implementationVersion }: VisaLibrary): string {
  return `${path}: ${manufacturer}, VISA ${specVersion}, version ${implementationVersion}`;
}
