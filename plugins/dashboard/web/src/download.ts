// Hands an answer of the API over as a file, byte by byte: what is signed stays as it was signed.
import { askBlob } from "./api";

export async function download(path: string, name: string): Promise<void> {
  const address = URL.createObjectURL(await askBlob(path));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
