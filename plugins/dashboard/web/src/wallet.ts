// A login by the wallet that an orchestrator is paid to: a message of the manager, signed in the browser's wallet.
import { ask } from "./api";

export interface Wallet {
  request: (call: { method: string; params?: unknown[] }) => Promise<unknown>;
}

// What wallets put in each page (EIP-1193).
export function walletOf(page: Window): Wallet | null {
  const found = (page as { ethereum?: unknown }).ethereum;
  return typeof found === "object" && found !== null && typeof (found as Wallet).request === "function" ? (found as Wallet) : null;
}

interface Challenge { message: string; domain: string; uri: string; chain_id: number }

export function hexOf(text: string): string {
  return "0x" + Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the wallet refused, in its own words.
function refusal(why: unknown): Error {
  const message = typeof why === "object" && why !== null ? (why as { message?: unknown }).message : undefined;
  return new Error(`the wallet: ${typeof message === "string" && message !== "" ? message.slice(0, 300) : "it refused"}`);
}

// The message and its signature, for POST /auth/wallet.
export async function signIn(wallet: Wallet, origin: string): Promise<{ message: string; signature: string }> {
  const call = async (method: string, params?: unknown[]) => {
    try {
      return await wallet.request(params === undefined ? { method } : { method, params });
    } catch (why) {
      throw refusal(why);
    }
  };
  const accounts = await call("eth_requestAccounts");
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(address)) throw new Error("the wallet has given no address");
  const challenge = await ask<Challenge>("/auth/wallet/challenge", { method: "POST", body: { address } });
  // A page of another address shows a message that is not its own: the wallet's owner would sign in elsewhere.
  if (challenge.uri !== origin) {
    throw new Error(`the manager says that it is ${challenge.uri}, and this page is ${origin}: \`api.origin\` of its configuration is the address to use`);
  }
  const signature = await call("personal_sign", [hexOf(challenge.message), address]);
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]+$/.test(signature)) throw new Error("the wallet has given no signature");
  return { message: challenge.message, signature };
}
