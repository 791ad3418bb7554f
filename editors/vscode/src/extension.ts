// Starts the language server that is installed. What it shows is the server's.

import { commands, type ExtensionContext, extensions, type Uri, window, workspace } from "vscode";
import { LanguageClient, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("byhand.restart", restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("byhand")) restart();
    }),
  );
  const python = await pythons();
  if (python)
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(restart));
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  const settings = workspace.getConfiguration("byhand");
  const [command, ...args] = await serverCommand(settings.get("command", []));
  const server: ServerOptions = { command, args };
  client = new LanguageClient("byhand", "byhand", server, {
    documentSelector: [{ language: "python" }],
    initializationOptions: {
      trusted: settings.get("trusted", false),
      shapes: settings.get("shapes", false),
    },
  });
  try {
    await client.start();
  } catch {
    window.showErrorMessage(
      `byhand: ${[command, ...args].join(" ")} doesn't start. In the Python that is selected: pip install 'byhand[lsp]'`,
    );
  }
}

async function serverCommand(given: string[]): Promise<[string, ...string[]]> {
  const [first, ...rest] = given;
  if (first !== undefined) return [first, ...rest];
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const environments = (await pythons())?.environments;
  const chosen = environments?.getActiveEnvironmentPath(folder);
  const python = chosen && (await environments?.resolveEnvironment(chosen))?.executable.uri?.fsPath;
  // -P: nothing is imported from the folder that is open, which may be a stranger's.
  return python ? [python, "-P", "-m", "byhand", "lsp"] : ["byhand", "lsp"];
}

// What is used here of the API of Microsoft's Python extension, where that is installed.
interface Pythons {
  environments: {
    getActiveEnvironmentPath(resource?: Uri): { path: string };
    resolveEnvironment(environment: {
      path: string;
    }): Promise<{ executable: { uri: Uri | undefined } } | undefined>;
    onDidChangeActiveEnvironmentPath(listener: () => void): { dispose(): void };
  };
}

async function pythons(): Promise<Pythons | undefined> {
  const extension = extensions.getExtension<Pythons>("ms-python.python");
  return extension?.activate();
}
