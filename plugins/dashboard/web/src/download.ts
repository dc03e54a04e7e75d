// Hands a JSON answer of the API over as a file.
import { ask } from "./api";

export async function download(path: string, name: string): Promise<void> {
  const answer = await ask<unknown>(path);
  const address = URL.createObjectURL(new Blob([JSON.stringify(answer, null, 1) + "\n"], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
